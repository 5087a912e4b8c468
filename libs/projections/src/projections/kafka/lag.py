"""Consumer lag, and detection of a stalled consumer."""

import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from prometheus_client import Gauge

from chassis.problems import Unavailable
from chassis.stores.kafka_bounds import bounded
from projections.kafka.topic_identity import TopicIdentity

LAG = Gauge(
    "projector_lag_records",
    "Records not yet processed, for the partitions assigned here.",
    ["partition"],
)
EVERY = 5.0  # seconds between two polls of the end offsets
STALLED = 60.0  # seconds without progress despite lag (aiokafka issue 703)


class Stalled(Exception):
    """There is lag and no progress; a restart fixes it."""

    is_safe_to_log = True


class LagMonitor:
    """Compares a consumer's positions with the end offsets periodically."""

    def __init__(self, consumer: AIOKafkaConsumer, of: TopicIdentity) -> None:
        self._consumer = consumer
        self._log = of
        self._in_hand: Mapping[int, int] = {}
        self._polled_at = self._progress_at = time.monotonic()

    def took(self, records: Mapping[int, int]) -> None:
        """Set the number of records fetched and not yet processed, by partition."""
        self._in_hand = records

    def progressed(self) -> None:
        """Record progress: a batch was processed, or a dependency has recovered."""
        self._progress_at = time.monotonic()

    async def poll(self, *, may_rest: bool) -> None:
        """Measure the lag, if it is time to; while it may rest, no progress is expected.

        Raises Stalled, and LogReplaced: a recreated topic need not cause a rebalance.
        """
        now = time.monotonic()
        if now - self._polled_at < EVERY:
            return
        self._polled_at = now
        try:
            async with bounded(EVERY):
                await self._log.same()
                lag = await self._measured()
        except Unavailable:
            return
        if not lag or may_rest:
            self._progress_at = now
        elif now - self._progress_at > STALLED:
            raise Stalled(f"{lag} records behind, no progress for {STALLED:.0f} s")

    async def _measured(self) -> int:
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        lag = 0
        for partition, end in ends.items():
            behind = max(0, end - await self._consumer.position(partition))
            behind += self._in_hand.get(partition.partition, 0)
            LAG.labels(partition.partition).set(behind)
            lag += behind
        return lag
