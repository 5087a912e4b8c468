"""Compare a view with the event store while both change, and repair persistent differences.

Both are read page by page in key order: memory is bounded, and a run can resume where another
ended. A difference in a page is only a suspect, since the change may be in transit. Suspects are
read again, the view first, the event store second: views only follow, so anything that the view
then has and the event store lacks is drift. A view that is behind gets time to catch up, counted
from the event that it lacks.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic

import stamina

from chassis.problems import Unavailable
from projections.ports import Undecodable
from projections.verification.drift import (
    LAG,
    C,
    Compared,
    Drift,
    DriftKind,
    Expected,
    Repair,
    Row,
    agree,
    classify,
)

PAGE = 2000  # keys: a few megabytes, and statements of about 20 ms
MOST_SUSPECTS = 5 * PAGE
RECHECK_EVERY = 0.5  # seconds between two reads of a suspect
RETRY_FOR = 30.0  # seconds that a store may be unavailable before the run ends

Report = Callable[[str, Drift], None]
"""Called with "found", and with "remains" for drift that a repair did not fix."""


@dataclass(slots=True)
class Tally:
    """Counts of a run so far."""

    keys: int = 0
    found: Counter[DriftKind] = field(default_factory=Counter)
    healed: Counter[DriftKind] = field(default_factory=Counter)
    """Those of the found ones that were right after their repair."""

    @property
    def remaining(self) -> int:
        return self.found.total() - self.healed.total()


@dataclass(slots=True)
class _Suspect:
    """A key to read again; times are the monotonic clock's."""

    target: int
    after: str
    """The key before its page."""
    read_at: float
    lag_until: float
    repair_until: float = 0
    found: DriftKind | None = None


class Verification(Generic[C]):
    """One run over all keys."""

    def __init__(
        self,
        compared: Compared[C],
        report: Report,
        *,
        patience: float,
        repair: bool,
    ) -> None:
        """patience: seconds for an event to reach the view, and for a repair to become visible."""
        self._event_source, self._view, self._report = compared.event_source, compared.view, report
        self._project = compared.project
        self._patience, self._repair = patience, repair
        self._suspects: dict[str, _Suspect] = {}
        self._after = ""
        self.tally = Tally()

    @property
    def position(self) -> str:
        """Return the key after which another run can resume without skipping any."""
        return min([self._after, *(suspect.after for suspect in self._suspects.values())])

    async def run(self, after: str) -> AsyncIterator[None]:
        """Verify the keys after the given one; yields after each portion, where callers may pause.

        Raises Unavailable when a store stays unavailable.
        """
        self._after = after
        is_more = True
        while is_more:
            is_more = await self._compare_page()
            await self._review()
            yield
        async for keys in self._view.unlisted():
            await self._compare_unlisted(keys)
            await self._review()
            yield
        while self._suspects:
            await asyncio.sleep(RECHECK_EVERY)
            await self._review()
            yield

    @stamina.retry(on=Unavailable, attempts=None, timeout=RETRY_FOR)
    async def _compare_page(self) -> bool:
        """Compare the next page; return False if it was the last one."""
        rows = await self._event_source.page(self._after, PAGE)
        last = rows[-1][0] if rows else self._after
        expected = self._expected(rows)
        page = await self._view.page(self._after, last if len(rows) == PAGE else None, expected)
        keys = page.held.keys() | {key for key in expected if page.to is None or key <= page.to}
        self._suspect(
            (key, expected.get(key))
            for key in keys
            if not agree(expected.get(key), page.held.get(key))
        )
        self.tally.keys += sum(key in expected for key in keys)
        self._after = last if page.to is None else page.to
        return page.to is not None

    @stamina.retry(on=Unavailable, attempts=None, timeout=RETRY_FOR)
    async def _compare_unlisted(self, keys: Sequence[str]) -> None:
        known = {key for key, _, _ in await self._event_source.read(keys)}
        self._suspect((key, None) for key in keys if key not in known)

    def _expected(self, rows: Iterable[Row]) -> dict[str, Expected[C]]:
        expected: dict[str, Expected[C]] = {}
        for key, version, event in rows:
            try:
                change = self._project(event)
            except Undecodable:
                expected[key] = Expected(version, None, None, None)
            else:
                content = self._view.content(change)
                expected[key] = Expected(version, change, content, change.occurred_at)
        return expected

    def _suspect(self, differing: Iterable[tuple[str, Expected[C] | None]]) -> None:
        now, today = time.monotonic(), datetime.now(UTC)
        for key, expected in differing:
            happened = expected.occurred_at if expected else None
            left = self._patience - (today - happened).total_seconds() if happened else 0
            lag_until = now + min(self._patience, max(0, left))
            target = expected.version if expected else 0
            self._suspects.setdefault(key, _Suspect(target, self._after, now, lag_until))

    async def _review(self) -> None:
        """Read every due suspect again, until none is due and few are left."""
        while True:
            now = time.monotonic()
            due = [key for key, suspect in self._suspects.items() if suspect.read_at <= now]
            if due:
                await self._read_again(due[:PAGE])
            elif len(self._suspects) > MOST_SUSPECTS:
                await asyncio.sleep(RECHECK_EVERY)
            else:
                return

    @stamina.retry(on=Unavailable, attempts=None, timeout=RETRY_FOR)
    async def _read_again(self, keys: Sequence[str]) -> None:
        held = await self._view.read(keys)
        expected = self._expected(await self._event_source.read(keys))
        repairs = []
        for key in keys:
            if (suspect := self._suspects.get(key)) is None:  # handled before a retry
                continue
            there, wanted = held.get(key), expected.get(key)
            kind = classify(wanted, there, suspect.target)
            if kind is None:
                self._clear(key)
                continue
            drift = Drift(kind, key, wanted.version if wanted else 0, there.version if there else 0)
            if self._is_to_be_repaired(drift):
                repairs.append(Repair(key, there, wanted.change if wanted else None))
        if repairs:
            await self._view.apply_repairs(repairs)

    def _clear(self, key: str) -> None:
        suspect = self._suspects.pop(key)
        if suspect.found:
            self.tally.healed[suspect.found] += 1

    def _is_to_be_repaired(self, drift: Drift) -> bool:
        """Report a finding once; return whether to repair it."""
        suspect, now = self._suspects[drift.key], time.monotonic()
        if suspect.found is None:
            if drift.kind in LAG and now < suspect.lag_until:
                suspect.read_at = now + RECHECK_EVERY
                return False
            self.tally.found[drift.kind] += 1
            self._report("found", drift)
            suspect.found, suspect.repair_until = drift.kind, now + self._patience
            if self._repair and drift.kind is not DriftKind.UNREADABLE:
                return True  # and read again at once
        elif now < suspect.repair_until:
            suspect.read_at = now + RECHECK_EVERY
            return True
        if self._repair:
            self._report("remains", drift)
        del self._suspects[drift.key]
        return False
