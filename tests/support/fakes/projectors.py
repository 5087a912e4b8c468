"""A projector's process without Kafka; it reads an in-memory log as the real consumer does."""

from collections.abc import Sequence
from typing import Any

from eventstore.memory import Row
from projections.kafka.avro import AvroDecoder
from projections.memory.dead_letters import MemoryDeadLetters
from projections.ports import OffsetMoved, Projection, Record
from projections.projector import Projector
from tests.support.fakes.stepwise import Running, Stepwise
from tests.support.schemas.golden import OnlySchema, encoded
from user_contracts import avro_schema

PARTITIONS = 2
LOG = "log"
Log = Sequence[Sequence[Record]]


def partition_of(user_id: str) -> int:
    return int(user_id[-1], 16) % PARTITIONS


def records(rows: Sequence[Row]) -> list[list[Record]]:
    """Return Debezium's records of these rows, by partition."""
    log: list[list[Record]] = [[] for _ in range(PARTITIONS)]
    for user_id, event in rows:
        part = log[number := partition_of(user_id)]
        value = None if event is None else encoded(event, avro_schema())
        part.append(Record(LOG, number, len(part), user_id.encode(), value))
    return log


class Process:
    """A projector's process: it runs a turn, and may stop between any two calls."""

    def __init__(
        self, project: Projection[Any, Any], store: Any, dead_letters: MemoryDeadLetters
    ) -> None:
        decode = AvroDecoder(OnlySchema(avro_schema()), avro_schema())
        self._views: Any = Stepwise(store)
        self._handle = Projector(decode, project, self._views, dead_letters).handle
        self._running: Running[bool] | None = None
        self.stored: dict[int, int] | None = None
        self.has_batch = False

    def step(self, log: Log, size: int = 100, back: int = 0, steps: int = 100) -> None:
        """Run steps; a new turn fetches size records a partition, beginning `back` too early."""
        if self._running is None:
            self._running = Running(self._turn(log, size, back))
        if self._running.step(steps):
            self._running = None

    def crash(self) -> None:
        if self._running is not None:
            self._running.crash()

    def is_at_end(self, log: Log) -> bool:
        """Return whether it has nothing in flight and nothing left to read."""
        if self._running is not None or self.stored is None:
            return False
        return all(self.stored[number] == len(part) for number, part in enumerate(log))

    async def _turn(self, log: Log, size: int, back: int) -> bool:
        try:
            if self.stored is None:
                self.stored = await self._views.claim(LOG, range(PARTITIONS))
            else:
                await self._fetch(self.stored, log, size, back)
        except OffsetMoved:
            self.stored = None
        self.has_batch = False
        return True

    async def _fetch(self, stored: dict[int, int], log: Log, size: int, back: int) -> None:
        begins = {number: max(0, offset - back) for number, offset in stored.items()}
        parts = {n: log[n][begin : begin + size] for n, begin in begins.items()}
        moves = {n: (stored[n], part[-1].offset + 1) for n, part in parts.items() if part}
        if not moves:
            if await self._views.offsets(LOG, list(stored)) != stored:
                raise OffsetMoved
            return
        self.has_batch = True
        await self._handle([record for part in parts.values() for record in part])
        await self._views.advance(LOG, moves)
        stored |= {number: after for number, (_, after) in moves.items()}
