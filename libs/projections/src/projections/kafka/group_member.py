"""Membership of a consumer group: joining it, and its rebalances."""

import asyncio
from collections.abc import Callable, Collection

import stamina
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from chassis.problems import Unavailable
from chassis.stores.errors import kafka as kafka_errors
from chassis.stores.errors.calls import translated
from projections.kafka.lag import LAG

WAIT_MAX = 2.0  # seconds; about the delay from Kafka's start to the next attempt


class GroupMember(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is untyped
    """A consumer in its group; a rebalance waits for the holder of the lock `batch`.

    `epoch` increases with every assignment or revocation.
    """

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic
        self._joining: asyncio.Task[None] | None = None
        self.batch = asyncio.Lock()
        self.epoch = 0

    async def join(self, failed: Callable[[Unavailable], None]) -> None:
        """Join, retrying until Kafka is available; raises CancelledError after give_up().

        failed: is called with the reason of each failed attempt.
        """
        self._joining = asyncio.create_task(self._join(failed))
        try:
            await self._joining
        finally:
            self._joining = None

    def give_up(self) -> None:
        """Cancel an attempt to join."""
        if self._joining is not None:
            self._joining.cancel()

    async def _join(self, failed: Callable[[Unavailable], None]) -> None:
        self._consumer.subscribe([self._topic], listener=self)
        async for attempt in stamina.retry_context(
            on=Unavailable, attempts=None, timeout=None, wait_max=WAIT_MAX
        ):
            with attempt:
                try:
                    with translated("kafka", "join", kafka_errors.classify):
                        await self._consumer.start()
                except Unavailable as problem:
                    failed(problem)
                    raise

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._assignment_changes()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._assignment_changes()

    async def _assignment_changes(self) -> None:
        """Wait for the running batch before or after a change of the assignment."""
        self.epoch += 1
        async with self.batch:
            LAG.clear()
