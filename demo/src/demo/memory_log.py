"""In-memory replacement of Debezium and Kafka: passes rows as Avro to the projectors."""

import io
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import fastavro
import msgspec

from eventstore.memory import MemoryEventStore, Row
from projections.kafka.avro import HEADER
from projections.ports import Record
from user_contracts import avro_schema

SCHEMA_ID = 1
Handle = Callable[[Sequence[Record]], Awaitable[None]]


class OneSchema:
    """A schema registry with a single schema, the contract."""

    async def by_id(self, _schema_id: int) -> str:
        return msgspec.json.encode(avro_schema()).decode()


class MemoryLog:
    """Component that passes every row of the store to all handlers, in order."""

    name = "log"

    def __init__(self, store: MemoryEventStore[Any], handlers: Sequence[Handle]) -> None:
        self._store = store
        self._handlers = handlers
        self._schema = fastavro.parse_schema(avro_schema())
        self._is_draining = False

    async def serve(self) -> None:
        position = 0
        while not self._is_draining:
            await self._store.grown.wait()
            self._store.grown.clear()
            rows = self._store.log[position:]
            records = [self._record(position + n, row) for n, row in enumerate(rows)]
            for handle in self._handlers if records else ():  # no records: woken up to drain
                await handle(records)
            position += len(rows)

    async def drain(self) -> None:
        self._is_draining = True
        self._store.grown.set()

    def _record(self, offset: int, row: Row) -> Record:
        user_id, event = row
        value = None
        if event is not None:
            body = io.BytesIO()
            fastavro.schemaless_writer(body, self._schema, event)
            value = HEADER.pack(0, SCHEMA_ID) + body.getvalue()
        return Record("memory", 0, offset, user_id.encode(), value)


class NoDeadLetters:
    """There is no dead-letter topic: in the demo a dead letter is a bug."""

    async def put(self, dead_letters: Sequence[tuple[Record, str]]) -> None:
        raise RuntimeError(f"dead letters in the demo: {[reason for _, reason in dead_letters]}")
