"""The events' topic, read from its end while a page is open: keys and arrival times."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer

from chassis.pauses import pause
from chassis.problems import Unavailable
from chassis.stores.errors import kafka
from chassis.stores.errors.calls import translated
from chassis.stores.kafka import Brokers
from console.subscribers import Subscribers

START_WITHIN = 5.0  # seconds, less than the grace period
PAUSE = 1.0  # seconds before a retry
POLL = 0.2  # seconds that a fetch may wait, and that a drain waits for it
REMEMBERED = 10_000  # users; at 1,000 events a second those of the last ten seconds


class Topic:
    """Consumer without a group: it affects no other consumer and commits nothing.

    Only keys are read. A record counts as seen when this process has it, one fetch later than
    when the broker received it.
    """

    name = "topic"

    def __init__(self, brokers: Brokers, topic: str, subscribers: Subscribers) -> None:
        self._brokers = brokers
        self._topic = topic
        self._subscribers = subscribers
        self._seen: OrderedDict[str, float] = OrderedDict()
        self.is_read = False
        """Whether an event that arrives from now on will be seen."""

    def seen_at(self, user_id: str) -> float:
        """Return the monotonic time of this user's newest event; minus infinity: none seen."""
        return self._seen.get(user_id, float("-inf"))

    async def serve(self) -> None:
        while await self._subscribers.arrival():
            try:
                with translated("kafka", "read topic", kafka.classify):
                    await self._read_while_watched()
            except Unavailable:
                await pause(PAUSE, self._subscribers.closed)

    async def drain(self) -> None:
        self._subscribers.close()

    async def _read_while_watched(self) -> None:
        consumer = AIOKafkaConsumer(
            self._topic,
            **self._brokers.aiokafka(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="latest",
            isolation_level="read_committed",
        )
        try:
            async with asyncio.timeout(START_WITHIN):
                await consumer.start()
                await consumer.seek_to_end()
            self.is_read = True
            while self._subscribers.pages and not self._subscribers.closed.is_set():
                fetched = await consumer.getmany(timeout_ms=int(POLL * 1000))
                self._remember([r for records in fetched.values() for r in records])
        finally:
            self.is_read = False
            await consumer.stop()

    def _remember(self, records: Sequence[Any]) -> None:
        now = time.monotonic()
        for record in records:
            if record.key and record.value is not None:  # a tombstone is for compaction, no event
                user_id = record.key.decode(errors="replace")
                self._seen[user_id] = now
                self._seen.move_to_end(user_id)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
