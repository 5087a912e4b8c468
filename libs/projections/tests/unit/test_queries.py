"""Queries of a view by key, on the view in memory."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.http.pagination import Page, encode_cursor
from chassis.problems import Invalid
from projections.conformance import memory
from projections.conformance.reader import MARKER, ReaderUnderTest, a_key
from projections.memory.reader import MemoryReader
from projections.queries import NotYetVisible, ViewQueries
from projections.reader import StoredView


def a_hash(version: int = 1) -> dict[str, bytes]:
    return {"version": str(version).encode(), "json": b"{}", "proto": b""}


@pytest.fixture
def stored() -> ReaderUnderTest:
    return memory.reader()


@pytest.fixture
def queries(stored: ReaderUnderTest) -> ViewQueries:
    return ViewQueries(stored.reader, visible_timeout=0.2)


async def test_an_unknown_key_is_none_and_a_deleted_one_a_version(
    queries: ViewQueries, stored: ReaderUnderTest
) -> None:
    await stored.put(a_key(1), MARKER)
    assert await queries.get(a_key(1), min_version=7) == StoredView(7, None, None)
    assert await queries.get(a_key(2)) is None


@pytest.mark.parametrize("key", ["", "ann", a_key(1).upper(), f" {a_key(1)}", f"{a_key(1)}\n"])
async def test_key_other_than_a_lower_case_uuid_is_invalid(queries: ViewQueries, key: str) -> None:
    with pytest.raises(Invalid, match="id must be a UUID in lower case"):
        await queries.get(key)


async def test_min_version_returns_as_soon_as_the_view_has_it(
    queries: ViewQueries, stored: ReaderUnderTest
) -> None:
    await stored.put(a_key(1), a_hash(1))
    waiting = asyncio.create_task(queries.get(a_key(1), min_version=2))
    await asyncio.sleep(0)
    await stored.put(a_key(1), a_hash(2))
    found = await waiting
    assert found is not None
    assert found.version == 2


async def test_missing_version_times_out_after_visible_timeout(
    queries: ViewQueries, stored: ReaderUnderTest
) -> None:
    await stored.put(a_key(1), a_hash(1))
    for key in (a_key(1), a_key(2)):
        with pytest.raises(NotYetVisible):
            async with asyncio.timeout(1):
                await queries.get(key, min_version=2)


class Deaf(MemoryReader):
    """Swallows one cancellation, as asyncio.wait_for does in Python 3.11 when a call just ended."""

    is_deaf = True

    async def get(self, key: str) -> StoredView | None:
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            if not self.is_deaf:
                raise
            self.is_deaf = False
        return await super().get(key)


async def test_a_wait_ends_also_when_a_store_swallows_a_cancellation() -> None:
    queries = ViewQueries(Deaf({}), visible_timeout=0.05)
    with pytest.raises(NotYetVisible):
        await asyncio.wait_for(queries.get(a_key(1), min_version=2), 2)


@pytest.mark.parametrize(
    "cursor", ["!", encode_cursor("ann"), encode_cursor(7), encode_cursor(["a"])]
)
async def test_foreign_cursor_is_rejected(queries: ViewQueries, cursor: str) -> None:
    with pytest.raises(Invalid):
        await queries.newest(Page(5, cursor))


@given(
    before=st.sets(st.integers(0, 60)),
    limit=st.integers(1, 9),
    changes=st.lists(st.tuples(st.integers(0, 60), st.booleans())),
)
async def test_pages_have_each_permanent_key_once(
    before: set[int], limit: int, changes: list[tuple[int, bool]]
) -> None:
    hashes = {a_key(number): a_hash(number + 1) for number in before}
    queries = ViewQueries(MemoryReader(hashes), visible_timeout=1)
    lived, seen = set(before), []
    cursor: str | None = None
    while True:
        views, cursor = await queries.newest(Page(limit, cursor))
        seen += [view.version - 1 for view in views]
        if cursor is None:
            break
        if changes:
            number, appears = changes.pop()
            if appears:
                hashes[a_key(number)] = a_hash(number + 1)
            else:
                hashes.pop(a_key(number), None)
                lived.discard(number)
    assert seen == sorted(set(seen), reverse=True)
    assert lived <= set(seen)
