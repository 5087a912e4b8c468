"""Projects a batch of records with one round trip to the store; no record is skipped.

A projection is a pure function from an event to a change, and a store that applies changes. The
store's version guard makes repeats harmless, so everything here may run again.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic

from prometheus_client import Counter, Histogram

from projections import batch_tracing
from projections.batch_tracing import Message
from projections.dead_letters import DeadLetters
from projections.ports import C, Record, Undecodable, Views

EVENTS = Counter("projector_events_total", "Records by outcome.", ["outcome"])
BATCH_SIZE = Histogram(
    "projector_batch_records", "Records in a batch.", buckets=(1, 5, 20, 100, 500, 2000)
)
BATCH_TIME = Histogram("projector_batch_seconds", "Time to process and store a batch.")
FRESHNESS = Histogram(
    "projector_freshness_seconds",
    "Time from an event's occurred_at until it is stored in the view.",
    # 1 and 2 are the objectives of the two views, used by the alerts.
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300),
)


Decode = Callable[[bytes], Awaitable[Mapping[str, Any]]]


class Projector(Generic[C]):
    """Handles batches: decode, keep the newest change per key, apply, write dead letters."""

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
        """Process every record, or raise; a retry with the same records is safe.

        Raises Unavailable when a dependency is unavailable, OffsetMoved when the store lost its
        data. Any other exception is a bug, and the process must stop.
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
        """Return the changes, the dead letters with their reasons, and the messages to trace."""
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
    """Return the dead-letter topic of a projector: each projector of a topic has its own."""
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
