"""From a batch of records to one round trip to the store; nothing is leapt over.

A projection is a pure function from an event to a change, and a store that applies changes. The
version guard in the store makes repeats harmless, so everything here may run again.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from prometheus_client import Counter, Histogram

from projections import batch_tracing
from projections.batch_tracing import Message

EVENTS = Counter("projector_events_total", "Records by what became of them.", ["outcome"])
BATCH_SIZE = Histogram(
    "projector_batch_records", "Records in a batch.", buckets=(1, 5, 20, 100, 500, 2000)
)
BATCH_TIME = Histogram("projector_batch_seconds", "Time from a batch's first byte to its storing.")
FRESHNESS = Histogram(
    "projector_freshness_seconds",
    "Time from an event's occurred_at to its being stored in the view.",
    # 1 and 2 are the objectives of the two views, which the alerts ask for.
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One message of the log, as it came."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    """None: a tombstone, which tells the log to forget; the views are told by an event."""


class Undecodable(Exception):
    """The record can never be applied: unreadable bytes or an impossible event."""


class OffsetMoved(Exception):
    """The stored offset is not where this writer left it: data was lost, or it has a new owner."""


class Change(Protocol):
    """What an event does to a view."""

    @property
    def key(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def occurred_at(self) -> datetime: ...


C = TypeVar("C", bound=Change)
Offset = int | None
"""The next offset to read; None: nothing has been stored yet."""


@dataclass(frozen=True, slots=True)
class Rejected(Generic[C]):
    """A change that the store will never take, and why."""

    change: C
    reason: str


class Views(Protocol[C]):
    """The store of a view, with the offsets beside the data.

    Every method raises chassis.problems.Unavailable when the store does not answer in time; the
    caller tries again.
    """

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        """The next offset to read, for each of the partitions of the log with this id.

        A topic that was made anew is another log, of which nothing has been stored yet.
        """

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        """The offsets from which the caller reads from now on; 0 is stored where nothing was.

        From then on "nothing is stored" means lost data: a store that loses its first batch before
        the offset behind it is stored would else take that offset. Raises OffsetMoved.
        """

    async def apply(self, changes: Sequence[C]) -> list[Rejected[C]]:
        """Apply each change whose version is newer than the view's; the store decides atomically.

        At most one change per key. Raises OffsetMoved when the store lost its data.
        """

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        """Set partition offsets from the first value to the second.

        Raises OffsetMoved, for any partition whose stored offset is not the first value.
        """


async def claim_whole(views: Views[Any], log: str, partitions: Collection[int]) -> dict[int, int]:
    """Views.claim of a store that keeps one offset a partition, since it loses data as a whole."""
    held = await views.offsets(log, partitions)
    if fresh := {p: (at, 0) for p, at in held.items() if at is None}:
        await views.advance(log, fresh)
    return {partition: offset or 0 for partition, offset in held.items()}


class DeadLetters(Protocol):
    """Where records go that can never be applied."""

    async def put(self, letters: Sequence[tuple[Record, str]]) -> None:
        """Keep each record with its reason; raises Unavailable. A second call may repeat one."""


Decode = Callable[[bytes], Awaitable[Mapping[str, Any]]]
Handle = Callable[[Sequence[Record]], Awaitable[None]]
"""Projector.handle."""


class Projector(Generic[C]):
    """Handles batches: decode, keep the newest change per key, apply, set dead letters aside."""

    def __init__(
        self,
        decode: Decode,
        project: Callable[[Mapping[str, Any]], C],
        views: Views[C],
        dead_letters: DeadLetters,
    ) -> None:
        self._decode = decode
        self._project = project
        self._views = views
        self._dead_letters = dead_letters

    async def handle(self, records: Sequence[Record]) -> None:
        """Deal with every record, or raise and change nothing that a second call would not repeat.

        Raises Unavailable when a neighbour is away, OffsetMoved when the store lost its data; any
        other exception is a bug, and the process must stop.
        """
        with BATCH_TIME.time(), batch_tracing.batch(records[0].topic, len(records)) as batch:
            changes, letters, messages = await self._read(records)
            newest = _newest(change for _, change in changes)
            with batch.writing():
                rejected = await self._views.apply(list(newest.values()))
            letters += [(_record_of(one.change, changes), one.reason) for one in rejected]
            if letters:
                await self._dead_letters.put(letters)
            batch.done(messages)
        self._count(records, changes, newest, letters)

    async def _read(
        self, records: Sequence[Record]
    ) -> tuple[list[tuple[Record, C]], list[tuple[Record, str]], list[Message]]:
        """The changes, the dead letters with their reasons, and what of all this is traced."""
        changes: list[tuple[Record, C]] = []
        letters: list[tuple[Record, str]] = []
        messages: list[Message] = []
        for record in records:
            if record.value is None:
                continue
            try:
                event = await self._decode(record.value)
                messages.append(_message(record, event))
                changes.append((record, self._project(event)))
            except Undecodable as reason:
                letters.append((record, str(reason)))
        return changes, letters, messages

    def _count(
        self,
        records: Sequence[Record],
        changes: Sequence[tuple[Record, C]],
        newest: Mapping[str, C],
        letters: Sequence[tuple[Record, str]],
    ) -> None:
        now = datetime.now(UTC)
        for _, change in changes:
            FRESHNESS.observe(max(0.0, (now - change.occurred_at).total_seconds()))
        BATCH_SIZE.observe(len(records))
        EVENTS.labels("applied").inc(len(newest))
        EVENTS.labels("superseded").inc(len(changes) - len(newest))
        EVENTS.labels("dead_letter").inc(len(letters))
        EVENTS.labels("tombstone").inc(sum(record.value is None for record in records))


def dead_letter_topic(topic: str, group: str) -> str:
    """Each projector of a topic has its own."""
    return f"{topic}.{group}.dlq"


def _newest(changes: Iterable[C]) -> dict[str, C]:
    newest: dict[str, C] = {}
    for change in changes:
        held = newest.get(change.key)
        if held is None or change.version >= held.version:
            newest[change.key] = change
    return newest


def _message(record: Record, event: Mapping[str, Any]) -> Message:
    event_id, traceparent = event.get("event_id", ""), event.get("traceparent")
    return Message(event_id, record.partition, record.offset, traceparent)


def _record_of(change: C, changes: Iterable[tuple[Record, C]]) -> Record:
    return next(record for record, candidate in changes if candidate is change)
