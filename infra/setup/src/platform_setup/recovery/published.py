"""Reader of the topic's events, from its start to its end."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx2
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from chassis.problems import Unavailable
from chassis.stores.kafka import Brokers
from platform_setup import SetupError
from platform_setup.recovery.completion import Row
from projections.kafka.avro import AvroDecoder, RegistrySchemas
from projections.ports import Undecodable

AT_ONCE = 2000  # records; about a megabyte
START_WITHIN = 30.0  # seconds
QUIET = 60.0  # seconds without a record before the end
BY_CONNECTOR = "__op"  # a header that the connector adds to each event
MISSING = 404
KEY = re.compile(r"[0-9a-f-]{36}")
Times = Mapping[str, str]
"""Column → its type in MySQL."""


@dataclass(slots=True)
class Batch:
    """Records: their events; keys whose newest record is a tombstone, and whose is not."""

    events: list[Row] = field(default_factory=list)
    removed: dict[str, datetime] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)


def decoder(registry_url: str, topic: str) -> AvroDecoder | None:
    """Return a decoder of all versions as the newest one; None if none was registered."""
    where = f"{registry_url}/subjects/{topic}-value/versions/latest"
    try:
        answer = httpx2.get(where, timeout=10, trust_env=False)
        if answer.status_code == MISSING:
            return None
        newest = json.loads(answer.raise_for_status().json()["schema"])
    except httpx2.HTTPError as error:
        raise SetupError(f"the registry at {registry_url}: {error!r}") from error
    return AvroDecoder(RegistrySchemas(registry_url), newest)


class Reader:
    """Turns records into rows. key: the column that is the record's key."""

    def __init__(self, decode: AvroDecoder | None, key: str, columns: Times) -> None:
        self._decode = decode
        self._key = key
        self._columns = columns

    async def batch(self, records: Sequence[Any]) -> Batch:
        """Convert records; raise Unavailable while a schema cannot be read."""
        batch = Batch()
        for record in records:
            key = (record.key or b"").decode(errors="replace")
            if record.value is None:
                _remove(batch, key, record.timestamp)
                continue
            try:
                batch.events.append(await self._row(record, key))
            except (Undecodable, LookupError, TypeError, ValueError, OverflowError):
                batch.unreadable.append(f"partition {record.partition} offset {record.offset}")
            else:
                batch.removed.pop(key, None)
                batch.written.add(key)
        return batch

    async def _row(self, record: Any, key: str) -> Row:
        if not (record.value and self._decode and BY_CONNECTOR in dict(record.headers)):
            raise Undecodable("not published by the connector")
        event = await self._decode(record.value)
        if event[self._key] != key:
            raise Undecodable("its key does not match its value")
        return {
            name: _value(event[name], kind) for name, kind in self._columns.items() if name in event
        }


def _remove(batch: Batch, key: str, timestamp: int) -> None:
    """Note a tombstone; ignore one whose key is not an aggregate's."""
    if KEY.fullmatch(key):
        batch.removed[key] = datetime.fromtimestamp(timestamp / 1000, UTC)
        batch.written.discard(key)


def _value(value: Any, kind: str) -> Any:
    """Convert a value of the topic for MySQL; its times are ISO 8601 text in UTC."""
    if value is None:
        return None
    if kind.startswith("datetime"):
        return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
    return date.fromisoformat(value[:10]) if kind == "date" else value


async def read(brokers: Brokers, topic: str, reader: Reader) -> AsyncIterator[Batch]:
    """Yield every record that is on the topic now.

    Raises SetupError when there is no such topic, or Kafka or the registry is unavailable.
    """
    try:
        async with opened(brokers, topic) as consumer:
            ends = await consumer.end_offsets(consumer.assignment())
            read_at = time.monotonic()
            while any([await consumer.position(p) < end for p, end in ends.items()]):
                if records := await poll(consumer):
                    read_at = time.monotonic()
                    yield await reader.batch(records)
                elif time.monotonic() - read_at > QUIET:
                    raise SetupError(f"no record of {topic} for {QUIET:.0f} s before its end")
    except (KafkaError, TimeoutError, Unavailable) as error:
        raise SetupError(f"cannot read the topic {topic}: {error!r}") from error


async def poll(consumer: AIOKafkaConsumer) -> list[Any]:
    """Return the next records, or none after a second."""
    fetched = await consumer.getmany(timeout_ms=1000, max_records=AT_ONCE)
    return [record for of_one in fetched.values() for record in of_one]


@asynccontextmanager
async def opened(brokers: Brokers, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a groupless consumer of all partitions from their starts; raise aiokafka's errors."""
    consumer = AIOKafkaConsumer(
        topic,
        **brokers.aiokafka(),
        group_id=None,
        isolation_level="read_committed",
        # Not seek_to_beginning: aiokafka 0.14 may still reset to the end after it.
        auto_offset_reset="earliest",
    )
    try:
        async with asyncio.timeout(START_WITHIN):
            await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
