"""Projects a batch of records with one round trip to the store; no record is skipped.

A projection is a pure function from an event to a change, and a store that applies changes. The
store's version guard makes repeats harmless, so everything here may run again.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic

from prometheus_client import Counter, Histogram

from chassis.observability import tracing
from projections import batch_tracing
from projections.batch_tracing import Message
from projections.dead_letters import DeadLetters
from projections.ports import C, Projection, Record, S, Undecodable, Views

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


Events = list[tuple[Record, S]]
"""Records with their events, in the order of the topic."""


class Projector(Generic[S, C]):
    """Handles batches: decode, keep the newest change per key, apply, write dead letters."""

    def __init__(
        self,
        decode: Decode,
        projection: Projection[S, C],
        views: Views[C],
        dead_letters: DeadLetters,
    ) -> None:
        self._decode = decode
        self._projection = projection
        self._views = views
        self._dead_letters = dead_letters

    async def handle(self, records: Sequence[Record]) -> None:
        """Process every record, or raise; a retry with the same records is safe.

        Raises Unavailable when a dependency is unavailable, OffsetMoved when the store lost its
        data. Any other exception is a bug, and the process must stop.
        """
        with BATCH_TIME.time(), batch_tracing.batch(records[0].topic, len(records)) as batch:
            events, dead_letters, messages = await self._read(records)
            newest = _newest(events)
            changes = [self._projection.change(event) for _, event in newest.values()]
            with batch.writing():
                rejected = await self._views.apply(changes)
            dead_letters += [(newest[one.change.key][0], one.reason) for one in rejected]
            if dead_letters:
                await self._dead_letters.put(dead_letters)
            batch.done(messages)
        _count(records, [event.occurred_at for _, event in events], len(newest), len(dead_letters))

    async def _read(
        self, records: Sequence[Record]
    ) -> tuple[Events[S], list[tuple[Record, str]], list[Message]]:
        """Return the events, the dead letters with their reasons, and the messages to trace."""
        events: Events[S] = []
        dead_letters: list[tuple[Record, str]] = []
        messages: list[Message] = []
        is_traced = tracing.is_recording()
        for record in records:
            if record.value is None:
                continue
            try:
                event = await self._decode(record.value)
                if is_traced:
                    messages.append(_message(record, event))
                events.append((record, self._projection.read(event)))
            except Undecodable as reason:
                dead_letters.append((record, str(reason)))
        return events, dead_letters, messages


def dead_letter_topic(topic: str, group: str) -> str:
    """Return the dead-letter topic of a projector: each projector of a topic has its own."""
    return f"{topic}.{group}.dlq"


def _newest(events: Events[S]) -> dict[str, tuple[Record, S]]:
    """Return the newest event by key; of two with one version, the later."""
    newest: dict[str, tuple[Record, S]] = {}
    for record, event in events:
        held = newest.get(event.key)
        if held is None or event.version >= held[1].version:
            newest[event.key] = record, event
    return newest


def _count(
    records: Sequence[Record], occurred: Sequence[datetime], applied: int, dead_letters: int
) -> None:
    now = time.time()
    for moment in occurred:
        FRESHNESS.observe(max(0.0, now - moment.timestamp()))
    BATCH_SIZE.observe(len(records))
    EVENTS.labels("applied").inc(applied)
    EVENTS.labels("superseded").inc(len(occurred) - applied)
    EVENTS.labels("dead_letter").inc(dead_letters)
    EVENTS.labels("tombstone").inc(sum(record.value is None for record in records))


def _message(record: Record, event: Mapping[str, Any]) -> Message:
    event_id, traceparent = event.get("event_id", ""), event.get("traceparent")
    return Message(event_id, record.partition, record.offset, traceparent)
