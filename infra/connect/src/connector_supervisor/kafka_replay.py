"""Snapshots on request: requested on the signal topic, followed on the events' topic."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from chassis.problems import Unavailable
from chassis.stores.errors import kafka
from chassis.stores.errors.calls import translated
from chassis.stores.kafka import Brokers

START_WITHIN = 20.0  # seconds for Kafka to answer
QUIET = 60.0  # seconds without a snapshot record; it starts after 1 and then never pauses
REPORT_EVERY = 2.0  # seconds
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Source:
    """Topics of the connector, from its own configuration."""

    prefix: str
    signals: str
    tables: list[str]
    topic: str

    @classmethod
    def of(cls, config: Mapping[str, str]) -> "Source":
        return cls(
            config["topic.prefix"],
            config["signal.kafka.topic"],
            config["table.include.list"].split(","),
            config["transforms.route.replacement"],
        )


async def replay(brokers: Brokers, source: Source, report: Report) -> int:
    """Publish every row again; return the number of records once the last one is on the topic.

    Calls `report` with the number so far. Raises Unavailable when Kafka is unavailable, or when
    no record comes for QUIET seconds.
    """
    consumer = AIOKafkaConsumer(
        source.topic,
        **brokers.aiokafka(),
        group_id=None,
        isolation_level="read_committed",
    )
    producer = AIOKafkaProducer(**brokers.aiokafka(), acks="all")
    async with _started(consumer), _started(producer):
        for partition, end in (await consumer.end_offsets(consumer.assignment())).items():
            consumer.seek(partition, end)
        await producer.send_and_wait(source.signals, _request(source), source.prefix.encode())
        return await _follow(consumer, report)


def _request(source: Source) -> bytes:
    """Encode the request; BLOCKING, as INCREMENTAL waits on an idle source for the next event."""
    data = {"data-collections": source.tables, "type": "BLOCKING"}
    request = {"id": str(uuid.uuid4()), "type": "execute-snapshot", "data": data}
    return json.dumps(request).encode()


async def _follow(consumer: AIOKafkaConsumer, report: Report) -> int:
    """Count records up to the partitions' ends at the time of the last record."""
    records, ends = 0, dict[TopicPartition, int]()
    received_at = reported_at = time.monotonic()
    while not ends or any([await consumer.position(p) < end for p, end in ends.items()]):
        fetched = await consumer.getmany(timeout_ms=500)
        markers = [m for messages in fetched.values() for m in map(_marker, messages) if m]
        records += len(markers)
        if b"last" in markers:
            ends = await consumer.end_offsets(consumer.assignment())
        now = time.monotonic()
        if markers:
            received_at = now
        elif now - received_at > QUIET:
            raise Unavailable(f"no snapshot record for {QUIET:.0f} s, after {records} records")
        if now - reported_at > REPORT_EVERY:
            report(records)
            reported_at = now
    return records


def _marker(message: Any) -> bytes | None:
    """Return a record's place in a snapshot (`first`, `true`, `last`, …); None: in no snapshot."""
    headers = dict(message.headers)
    return bytes(headers["__source_snapshot"]) if headers.get("__op") == b"r" else None


@asynccontextmanager
async def _started(client: Any) -> AsyncIterator[None]:
    try:
        with translated("kafka", "replay", kafka.classify):
            async with asyncio.timeout(START_WITHIN):
                await client.start()
            yield
    finally:
        await client.stop()
