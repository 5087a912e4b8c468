"""Positions of a view in its topic, read from outside the running projector."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.stores.kafka import Brokers
from chassis.stores.kafka_bounds import bounded
from projections.kafka.topic_identity import TopicIdentity
from projections.ports import Views

TIMEOUT = 20.0  # seconds
Ends = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class PartitionPosition:
    """Offsets of one partition: its first, the view's next, and the end."""

    first: int
    offset: int
    end: int
    lag: int
    """Upper bound of missing records: transaction markers count, but 0 is exact."""
    waits: float
    """Age of the first missing record in seconds; 0: none is missing."""


class TopicReader:
    """A topic, and the positions of views in it; every method raises Unavailable without Kafka."""

    def __init__(self, log_id: str, consumer: AIOKafkaConsumer) -> None:
        self._log_id = log_id
        self._consumer = consumer

    async def ends(self) -> Ends:
        """Return the offset after the last committed record, by partition."""
        async with bounded(TIMEOUT):
            ends: Ends = await self._consumer.end_offsets(self._consumer.assignment())
        return ends

    async def places(self, views: Views[Any], ends: Ends) -> dict[int, PartitionPosition]:
        """Return the view's positions by partition, relative to these ends."""
        stored = await views.offsets(self._log_id, [p.partition for p in ends])
        async with bounded(TIMEOUT):
            first = await self._consumer.beginning_offsets(ends.keys())
            begins = {p: max(stored[p.partition] or 0, first[p]) for p in ends}
            for partition, offset in begins.items():
                self._consumer.seek(partition, offset)
            waiting = await self._waiting(ends)
        now = time.time()
        return {
            p.partition: PartitionPosition(
                first[p],
                begins[p],
                end,
                end - begins[p] if p in waiting else 0,
                max(0.0, now - waiting[p]) if p in waiting else 0.0,
            )
            for p, end in ends.items()
        }

    async def _waiting(self, ends: Ends) -> dict[TopicPartition, float]:
        """Return the partitions with a record after the consumer's position, and its timestamp.

        Only reading shows this: the offsets before the end may be transaction markers.
        """
        waiting: dict[TopicPartition, float] = {}
        pending = set(ends)
        while pending:
            fetched = await self._consumer.getmany(*pending, timeout_ms=200)
            for partition, messages in fetched.items():
                if messages[0].offset < ends[partition]:
                    waiting[partition] = messages[0].timestamp / 1000
            at_end = {p for p in pending if await self._consumer.position(p) >= ends[p]}
            pending -= waiting.keys() | at_end
        return waiting


@asynccontextmanager
async def opened(brokers: Brokers, topic: str) -> AsyncIterator[TopicReader]:
    """Open a reader of the topic; raises Unavailable."""
    consumer = AIOKafkaConsumer(
        topic,
        **brokers.aiokafka(),
        group_id=None,
        isolation_level="read_committed",
        max_partition_fetch_bytes=65536,  # one record is enough
    )
    try:
        async with bounded(TIMEOUT):
            await consumer.start()
        yield TopicReader(await TopicIdentity(brokers, topic).id(), consumer)
    finally:
        await consumer.stop()
