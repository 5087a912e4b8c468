"""Report of a restore: what was restored, and what could not be."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from platform_setup.recovery.completion import Completed, Found

MILLISECOND = timedelta(milliseconds=1)


@dataclass
class Report:
    """Counts of one run; times are UTC without a zone, as in the event store."""

    table: str
    topic: str
    lost_at: datetime | None = None
    from_dump: int = 0
    kept: int = 0
    stored: int = 0
    completed: int = 0
    added: int = 0
    erased: int = 0
    withdrawn: int = 0
    incomplete: int = 0
    missing: int = 0
    unknown: int = 0
    unreadable: list[str] = field(default_factory=list)
    newest: datetime | None = None

    def count(self, found: Found, done: Completed) -> None:
        """Add the outcome of one key."""
        self.stored += len(done.rows)
        self.kept += len(found.kept)
        self.added += done.added
        self.withdrawn += done.withdrawn
        self.erased += done.is_erased and bool(done.added)
        self.completed += not done.is_erased and bool(done.added)
        self.incomplete += bool(done.gaps)
        self.missing += sum(last - first + 1 for first, last in done.gaps)
        self.unknown += bool(found.erased_at) and not done.rows

    @property
    def possible_loss(self) -> int | None:
        """Milliseconds in which acknowledged commands may not have been published.

        An event that was acknowledged before the newest published one occurred is on the topic:
        the binlog, and so the topic, is in the order of commits. None: one of the two is unknown.
        """
        if self.newest is None or self.lost_at is None:
            return None
        return max(0, -(-(self.lost_at - self.newest) // MILLISECOND))

    def lines(self) -> Iterator[str]:
        yield f"rows of the dump: {self.from_dump}, {self.withdrawn} of them not stored"
        yield f"rows that were in the event store already: {self.kept}"
        yield f"completed from {self.topic}: {self.completed} keys, {self.added} events"
        yield f"erasures applied: {self.erased}"
        yield (
            f"gaps: {self.missing} versions of {self.incomplete} keys, listed in {self.table}_gap"
        )
        yield f"erased keys without any event: {self.unknown}"
        first = f", the first at {self.unreadable[0]}" if self.unreadable else ""
        yield f"records that could not be read: {len(self.unreadable)}{first}"
        yield f"idempotency keys missing: of {self.added} events (they are not published)"
        yield f"possible loss: {self._loss()}"
        yield f"rows in the event store: {self.stored}"

    def _loss(self) -> str:
        if self.newest is None:
            return f"everything since the dump: {self.topic} has no events"
        after = f"commands acknowledged after {self.newest.isoformat()}Z"
        if self.possible_loss is None:
            return f"{after} (pass --lost-at to get it in milliseconds)"
        return f"{self.possible_loss} ms, {after}"
