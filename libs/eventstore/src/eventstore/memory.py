"""Event store in memory, for tests and the demo; it passes the same suites as MySQL's."""

import asyncio
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Generic

from eventstore.aggregate import AnyAggregate, E
from eventstore.ports import CommandContext, KeyTaken, Refusal, StreamConflict

Row = tuple[str, dict[str, Any] | None]
"""An entry of the log: an aggregate's id, and the event as an Avro record; None: a tombstone."""


class MemoryEventStore(Generic[E]):
    """Implements EventStore. `log` is what Debezium would publish, in order."""

    def __init__(self, aggregate: AnyAggregate[E]) -> None:
        self._id_of = aggregate.id_of
        self._streams: dict[str, list[E]] = {}
        self._keys: dict[str, tuple[E, str]] = {}
        self._kept: dict[str, tuple[E | Refusal, str, float]] = {}
        self.log: list[Row] = []
        self.grown = asyncio.Event()
        """Set whenever the log has grown; the waiting task clears it."""

    async def newest(self, aggregate_id: str) -> E | None:
        stream = self._streams.get(aggregate_id)
        return stream[-1] if stream else None

    async def append(self, event: E, context: CommandContext) -> None:
        self._check(event, context)
        self._keep(event, context)

    async def erase(self, event: E, context: CommandContext) -> None:
        self._check(event, context)
        aggregate_id = self._id_of(event)
        removed = self._streams.pop(aggregate_id, [])
        self._keys = {k: kept for k, kept in self._keys.items() if kept[0] not in removed}
        self._kept = {k: kept for k, kept in self._kept.items() if kept[0] not in removed}
        self.log += [(aggregate_id, None)] * len(removed)
        self._keep(event, context)

    async def keep(self, result: E | Refusal, context: CommandContext) -> None:
        key, request_hash = context.idempotency_key or "", context.request_hash or ""
        if not isinstance(result, Refusal) and result not in self._stream(result):
            raise StreamConflict("the event was erased")
        if key in self._keys or key in self._kept:
            raise KeyTaken
        self._kept[key] = (result, request_hash, time.monotonic())

    async def results(self, idempotency_key: str) -> list[tuple[E | Refusal, str]]:
        found = [self._keys.get(idempotency_key), self._kept.get(idempotency_key)]
        return [(kept[0], kept[1]) for kept in found if kept is not None]

    async def prune(self, age: float, limit: int) -> int:
        before = time.monotonic() - age
        old = [key for key, (_, _, since) in self._kept.items() if since <= before][:limit]
        for key in old:
            del self._kept[key]
        return len(old)

    async def history(self, aggregate_id: str, after: int, limit: int) -> list[E]:
        stream = self._streams.get(aggregate_id, [])
        return [event for event in stream if event.version > after][:limit]

    def _stream(self, event: E) -> list[E]:
        return self._streams.get(self._id_of(event), [])

    def _check(self, event: E, context: CommandContext) -> None:
        stream = self._stream(event)
        newest = stream[-1].version if stream else 0
        if event.version != newest + 1:  # first, as MySQL's primary key is
            raise StreamConflict(f"the newest version is {newest}")
        if context.idempotency_key in self._keys:
            raise KeyTaken
        if event.version > 1 and context.idempotency_key in self._kept:
            raise KeyTaken

    def _keep(self, event: E, context: CommandContext) -> None:
        self._streams.setdefault(self._id_of(event), []).append(event)
        if context.idempotency_key is not None and context.request_hash is not None:
            self._keys[context.idempotency_key] = (event, context.request_hash)
        self.log.append((self._id_of(event), _record(event, context)))
        self.grown.set()


def _record(event: Any, context: CommandContext) -> dict[str, Any]:
    columns = {name: _published(value) for name, value in asdict(event).items()}
    return columns | {"traceparent": context.traceparent}


def _published(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value
