"""Metrics for alerts: the number of dead letters, and the age of the oldest."""

import asyncio
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import Gauge

from chassis.pauses import every
from chassis.problems import Unavailable
from chassis.stores.kafka import Brokers
from chassis.stores.kafka_bounds import bounded

EVERY = 15.0  # seconds between two polls
TIMEOUT = 10.0  # seconds for one poll
WAITING = Gauge("projector_dead_letters", "Dead letters on the topic.")
OLDEST = Gauge(
    "projector_dead_letters_oldest_timestamp_seconds",
    "Unix time at which the oldest dead letter was written; 0: no dead letters.",
)


class DeadLetterMonitor:
    """Component that polls the single partition of a dead-letter topic."""

    name = "dead letters"

    def __init__(self, brokers: Brokers, topic: str) -> None:
        self._brokers = brokers
        self._partition = TopicPartition(topic, 0)
        self._draining = asyncio.Event()

    async def serve(self) -> None:
        async for _ in every(EVERY, self._draining):
            with suppress(Unavailable):  # it is logged, and alerted by ProjectorBlocked
                async with bounded(TIMEOUT, "dead-letter topic"):
                    await self._poll()

    async def drain(self) -> None:
        self._draining.set()

    async def _poll(self) -> None:
        consumer = AIOKafkaConsumer(**self._brokers.aiokafka(), group_id=None)
        try:
            await consumer.start()
            consumer.assign([self._partition])
            first = (await consumer.beginning_offsets([self._partition]))[self._partition]
            end = (await consumer.end_offsets([self._partition]))[self._partition]
            OLDEST.set(await self._timestamp(consumer, first) if end > first else 0)
            WAITING.set(end - first)
        finally:
            await consumer.stop()

    async def _timestamp(self, consumer: AIOKafkaConsumer, offset: int) -> float:
        consumer.seek(self._partition, offset)
        oldest = await consumer.getone()
        return float(oldest.timestamp) / 1000
