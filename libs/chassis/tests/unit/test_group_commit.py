"""Concurrent writes share a transaction; each gets its own outcome."""

import asyncio
import gc
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from chassis.batching import group_commit
from chassis.batching.group_commit import GroupCommit, Outcome
from chassis.problems import Unavailable
from chassis.testing import serving


class Taken(Exception):
    """The row already exists."""


@dataclass
class Table:
    """Stores rows when the test allows it; rejects duplicates."""

    commits: list[list[str]] = field(default_factory=list)
    may_commit: asyncio.Event = field(default_factory=asyncio.Event)
    is_unavailable: bool = False
    is_broken: bool = False
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, rows: Sequence[str]) -> list[Outcome]:
        self.has_begun.set()
        await self.may_commit.wait()
        if self.is_unavailable:
            raise Unavailable("the table is away")
        if self.is_broken:
            raise ZeroDivisionError
        stored = {row for commit in self.commits for row in commit}
        self.commits.append(list(rows))
        return [Taken(row) if row in stored else None for row in rows]


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def group(table: Table) -> GroupCommit[str]:
    return GroupCommit(table.write, largest=3, max_wait=60)


async def test_single_write_is_committed_at_once(table: Table, group: GroupCommit[str]) -> None:
    table.may_commit.set()
    async with serving(group):
        await group.put("a")
        await group.put("b")
    assert table.commits == [["a"], ["b"]]


async def test_writes_during_a_commit_share_the_next_one(
    table: Table, group: GroupCommit[str]
) -> None:
    async with serving(group), asyncio.TaskGroup() as callers:
        callers.create_task(group.put("a"))
        await table.has_begun.wait()
        for row in "bcdef":
            callers.create_task(group.put(row))
        await asyncio.sleep(0)
        table.may_commit.set()
    assert table.commits == [["a"], ["b", "c", "d"], ["e", "f"]]


async def test_each_caller_gets_its_own_outcome(table: Table, group: GroupCommit[str]) -> None:
    table.may_commit.set()
    async with serving(group):
        await group.put("a")
        outcomes = await asyncio.gather(*map(group.put, "aba"), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Taken, type(None), Taken]


async def test_unavailable_store_fails_all_callers_and_the_next_write_works(
    table: Table, group: GroupCommit[str]
) -> None:
    table.may_commit.set()
    async with serving(group):
        table.is_unavailable = True
        outcomes = await asyncio.gather(*map(group.put, "abc"), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
        table.is_unavailable = False
        await group.put("a")
    assert table.commits == [["a"]]


async def test_bug_in_a_write_reaches_each_caller_and_the_next_write_works(
    table: Table, group: GroupCommit[str]
) -> None:
    table.may_commit.set()
    async with serving(group):
        table.is_broken = True
        outcomes = await asyncio.gather(*map(group.put, "abc"), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError] * 3
        table.is_broken = False
        await group.put("a")
    assert table.commits == [["a"]]


@pytest.mark.parametrize("error", [Taken, Unavailable, ZeroDivisionError])
async def test_failed_write_leaves_no_reference_cycle(
    table: Table, group: GroupCommit[str], error: type[Exception]
) -> None:
    async def call(row: str) -> "weakref.ref[Table]":
        request = Table()
        with pytest.raises(error):
            await group.put(row)
        return weakref.ref(request)

    table.may_commit.set()
    gc.disable()
    try:
        async with serving(group):
            await group.put("a")
            table.is_unavailable = error is Unavailable
            table.is_broken = error is ZeroDivisionError
            requests = await asyncio.gather(call("a"), call("a"))
            await asyncio.sleep(0)
            assert [request() for request in requests] == [None, None]
    finally:
        gc.enable()


async def test_cancelled_queued_write_is_not_stored(table: Table, group: GroupCommit[str]) -> None:
    async with serving(group), asyncio.TaskGroup() as callers:
        callers.create_task(group.put("a"))
        await table.has_begun.wait()
        impatient = callers.create_task(group.put("b"))
        callers.create_task(group.put("c"))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.sleep(0)
        table.may_commit.set()
    assert table.commits == [["a"], ["c"]]


async def test_write_beyond_the_queue_limit_is_unavailable(
    group: GroupCommit[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MOST_WAITING", 0)
    with pytest.raises(Unavailable):
        await group.put("a")


async def test_drain_stores_queued_writes(table: Table, group: GroupCommit[str]) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(group.serve())
        for row in "abcde":
            tasks.create_task(group.put(row))
        await table.has_begun.wait()
        await group.drain()
        table.may_commit.set()
    assert sorted(row for commit in table.commits for row in commit) == list("abcde")


async def test_row_queued_too_long_is_unavailable_and_not_stored(
    table: Table, group: GroupCommit[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(group):
        first = asyncio.create_task(group.put("a"))
        await table.has_begun.wait()
        monkeypatch.setattr(group, "_max_wait", -1)
        late = asyncio.create_task(group.put("b"))
        await asyncio.sleep(0)
        table.may_commit.set()
        await first
        with pytest.raises(Unavailable, match="not written within"):
            await late
    assert table.commits == [["a"]]
