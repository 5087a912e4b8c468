"""The application on the view in memory."""

import pytest

from chassis.http.pagination import Page, encode_cursor
from chassis.problems import Invalid, NotFound
from projections.conformance import memory
from projections.conformance.reader import ReaderUnderTest
from projections.directory import Directory
from projections.queries import ViewQueries


@pytest.fixture
def stored_users() -> ReaderUnderTest:
    return memory.reader()


@pytest.fixture
def directory(stored_users: ReaderUnderTest) -> Directory:
    return Directory("user", ViewQueries(stored_users.reader, visible_timeout=0.2))


def an_id(number: int) -> str:
    return f"0192f5a8-4d3c-7a10-8b2e-{number:012x}"


def a_hash(version: int = 1) -> dict[str, bytes]:
    return {"version": str(version).encode(), "json": b"{}", "proto": b""}


async def test_existing_user_is_returned(
    directory: Directory, stored_users: ReaderUnderTest
) -> None:
    await stored_users.put(an_id(1), a_hash(3))
    assert (await directory.get(an_id(1))).version == 3


async def test_unknown_and_deleted_users_are_not_found(
    directory: Directory, stored_users: ReaderUnderTest
) -> None:
    await stored_users.put(an_id(1), {"version": b"3"})
    for user_id in (an_id(1), an_id(2)):
        with pytest.raises(NotFound, match=f"no user has the id {user_id}"):
            await directory.get(user_id)


async def test_waiting_for_a_deleted_version_ends_in_not_found(
    directory: Directory, stored_users: ReaderUnderTest
) -> None:
    await stored_users.put(an_id(1), {"version": b"2"})
    with pytest.raises(NotFound):
        await directory.get(an_id(1), min_version=2)


async def test_foreign_cursor_is_rejected(directory: Directory) -> None:
    with pytest.raises(Invalid):
        await directory.list(Page(5, encode_cursor("ann")))
