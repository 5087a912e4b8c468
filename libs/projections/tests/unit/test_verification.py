"""A verification run over an event source and a view in memory."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.problems import Unavailable
from projections.ports import Undecodable
from projections.verification import verification
from projections.verification.drift import Actual, Compared, Drift, DriftKind, Page, Repair, Row
from projections.verification.verification import Verification

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Put:
    key: str
    version: int
    occurred_at: datetime = LONG_AGO


@dataclass
class Events:
    """Key → newest version."""

    newest: dict[str, int]
    away: int = 0

    async def page(self, after: str, limit: int) -> Sequence[Row]:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        return [self._row(key) for key in sorted(self.newest) if key > after][:limit]

    async def read(self, keys: Collection[str]) -> Sequence[Row]:
        return [self._row(key) for key in keys if key in self.newest]

    def _row(self, key: str) -> Row:
        return key, self.newest[key], {"key": key, "version": self.newest[key]}


@dataclass
class Shelf:
    """Key → version."""

    kept: dict[str, int]
    is_stuck: bool = False
    reads: list[int] = field(default_factory=list)

    def content(self, change: Put) -> object:
        return change.version

    async def page(self, after: str, to: str | None, known: Collection[str]) -> Page:
        span = [key for key in self.kept if key > after and (to is None or key <= to)]
        return Page(await self.read(span), to)

    async def read(self, keys: Collection[str]) -> Mapping[str, Actual]:
        self.reads.append(len(keys))
        return {key: Actual(self.kept[key], self.kept[key]) for key in keys if key in self.kept}

    async def unlisted(self) -> AsyncIterator[Sequence[str]]:
        yield []

    async def apply_repairs(self, repairs: Sequence[Repair[Put]]) -> None:
        for repair in repairs:
            if self.is_stuck:
                continue
            if repair.change:
                self.kept[repair.key] = repair.change.version
            else:
                del self.kept[repair.key]


def project(record: Mapping[str, Any]) -> Put:
    if record["key"] == "poison":
        raise Undecodable("it is poison")
    return Put(**record)


@dataclass
class Run:
    reported: list[tuple[str, DriftKind, str]] = field(default_factory=list)

    async def over(
        self, truth: Events, shelf: Shelf, *, repair: bool = False, after: str = ""
    ) -> "Verification[Put]":
        compared = Compared(truth, project, shelf)
        run = Verification(compared, self._report, patience=0.2, repair=repair)
        async for _ in run.run(after):
            assert run.position >= after
        return run

    def _report(self, what: str, drift: Drift) -> None:
        self.reported.append((what, drift.kind, drift.key))


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "PAGE", 3)
    monkeypatch.setattr(verification, "RECHECK_EVERY", 0.01)


async def test_every_key_is_compared_page_by_page() -> None:
    keys = {f"k{number:02}": 1 for number in range(20)}
    shelf = Shelf(dict(keys))
    done = await Run().over(Events(keys), shelf)
    assert (done.tally.keys, done.tally.remaining, done.tally.found.total()) == (20, 0, 0)
    assert max(shelf.reads) <= 3


async def test_differences_are_reported_and_repaired() -> None:
    truth, shelf = Events({"a": 1, "b": 2, "c": 2}), Shelf({"b": 1, "c": 3, "d": 1})
    run = Run()
    done = await run.over(truth, shelf, repair=True)
    assert shelf.kept == truth.newest
    assert done.tally.remaining == 0
    assert sorted(run.reported) == [
        ("found", DriftKind.AHEAD, "c"),
        ("found", DriftKind.EXTRA, "d"),
        ("found", DriftKind.MISSING, "a"),
        ("found", DriftKind.STALE, "b"),
    ]


async def test_undecodable_event_is_reported_and_not_repaired() -> None:
    run = Run()
    done = await run.over(Events({"poison": 2}), shelf := Shelf({"poison": 1}), repair=True)
    assert run.reported == [
        ("found", DriftKind.UNREADABLE, "poison"),
        ("remains", DriftKind.UNREADABLE, "poison"),
    ]
    assert (done.tally.remaining, shelf.kept) == (1, {"poison": 1})


async def test_failed_repair_is_reported_as_remaining() -> None:
    run = Run()
    done = await run.over(Events({"a": 1}), Shelf({}, is_stuck=True), repair=True)
    assert run.reported == [("found", DriftKind.MISSING, "a"), ("remains", DriftKind.MISSING, "a")]
    assert done.tally.remaining == 1


async def test_run_resumes_after_a_key() -> None:
    keys = {f"k{number}": 1 for number in range(9)}
    done = await Run().over(Events(keys), Shelf(dict(keys)), after="k4")
    assert done.tally.keys == 4


async def test_recovering_store_is_waited_for() -> None:
    done = await Run().over(Events({"a": 1}, away=2), Shelf({"a": 1}))
    assert done.tally.keys == 1
