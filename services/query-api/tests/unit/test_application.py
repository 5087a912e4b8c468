"""What a caller may ask, on the memory view."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.http.pagination import Page, encode_cursor
from chassis.problems import Invalid, NotFound
from projections.memory.reader import MemoryReader
from projections.queries import NotYetVisible, ViewQueries
from projections.reader import StoredView
from query_api.application import UserDirectory


def an_id(number: int) -> str:
    return f"0192f5a8-4d3c-7a10-8b2e-{number:012x}"


def a_hash(version: int = 1) -> dict[str, bytes]:
    return {"version": str(version).encode(), "json": b"{}", "proto": b""}


async def test_a_user_that_is_there_is_told(directory: UserDirectory, memory_shelf: Any) -> None:
    await memory_shelf.put(an_id(1), a_hash(3))
    assert (await directory.get(an_id(1))).version == 3


async def test_unknown_and_deleted_users_are_not_found(
    directory: UserDirectory, memory_shelf: Any
) -> None:
    await memory_shelf.put(an_id(1), {"version": b"3"})
    for user_id in (an_id(1), an_id(2)):
        with pytest.raises(NotFound):
            await directory.get(user_id)


async def test_a_writer_sees_its_own_write_as_soon_as_it_is_there(
    directory: UserDirectory, memory_shelf: Any
) -> None:
    await memory_shelf.put(an_id(1), a_hash(1))
    asked = asyncio.create_task(directory.get(an_id(1), min_version=2))
    await asyncio.sleep(0)
    await memory_shelf.put(an_id(1), a_hash(2))
    assert (await asked).version == 2


async def test_a_version_that_does_not_come_is_not_waited_for_longer_than_stated(
    directory: UserDirectory, memory_shelf: Any
) -> None:
    await memory_shelf.put(an_id(1), a_hash(1))
    for user_id in (an_id(1), an_id(2)):
        with pytest.raises(NotYetVisible):
            async with asyncio.timeout(1):
                await directory.get(user_id, min_version=2)


class Deaf(MemoryReader):
    """Swallows one cancellation, as asyncio.wait_for does in Python 3.11 when a call just ended."""

    is_deaf = True

    async def get(self, user_id: str) -> StoredView | None:
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            if not self.is_deaf:
                raise
            self.is_deaf = False
        return await super().get(user_id)


async def test_a_wait_ends_also_when_a_store_swallows_a_cancellation() -> None:
    directory = UserDirectory(ViewQueries(Deaf({}), visible_timeout=0.05))
    with pytest.raises(NotYetVisible):
        await asyncio.wait_for(directory.get(an_id(1), min_version=2), 2)


async def test_a_deletion_is_seen_by_who_waits_for_it(
    directory: UserDirectory, memory_shelf: Any
) -> None:
    await memory_shelf.put(an_id(1), {"version": b"2"})
    with pytest.raises(NotFound):
        await directory.get(an_id(1), min_version=2)


@pytest.mark.parametrize(
    "cursor", ["!", encode_cursor("ann"), encode_cursor(7), encode_cursor(["a"])]
)
async def test_a_cursor_that_is_not_ours_is_refused(directory: UserDirectory, cursor: str) -> None:
    with pytest.raises(Invalid):
        await directory.list(Page(5, cursor))


@given(
    before=st.sets(st.integers(0, 60)),
    limit=st.integers(1, 9),
    changes=st.lists(st.tuples(st.integers(0, 60), st.booleans())),
)
async def test_pages_hold_once_each_who_lived_throughout(
    before: set[int], limit: int, changes: list[tuple[int, bool]]
) -> None:
    users = {an_id(number): a_hash(number + 1) for number in before}
    directory = UserDirectory(ViewQueries(MemoryReader(users), visible_timeout=1))
    lived, seen = set(before), []
    cursor: str | None = None
    while True:
        views, cursor = await directory.list(Page(limit, cursor))
        seen += [view.version - 1 for view in views]
        if cursor is None:
            break
        if changes:
            number, appears = changes.pop()
            if appears:
                users[an_id(number)] = a_hash(number + 1)
            else:
                users.pop(an_id(number), None)
                lived.discard(number)
    assert seen == sorted(set(seen), reverse=True)
    assert lived <= set(seen)
