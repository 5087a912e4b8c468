"""The dead-letter queue of a projector: operators list, replay and discard its records.

Kafka deletes records only from the start of a partition. So a dead letter that must stay while a
later one is discarded is written again at the end, before the start is deleted. No dead letter is
ever lost; a crash in between leaves a duplicate, which the views' version guard makes harmless.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from chassis.stores.kafka_bounds import bounded
from projections.dead_letters import UNKNOWN, DeadLetter
from projections.kafka.dead_letters import dead_letter_producer
from projections.ports import Handle, Record
from projections.spec import ProjectorSpec

AT_ONCE = 500  # dead letters; each at most as large as a record of the topic
NUMBER = re.compile(r"[0-9]{1,18}")
TIMEOUT = 30.0  # seconds to read, rewrite or delete one such portion


class KafkaDeadLetterQueue:
    """Implements projections.dead_letters.DeadLetterQueue, over the one partition of its topic."""

    def __init__(
        self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient
    ) -> None:
        self._consumer = consumer
        self._producer = producer
        self._admin = admin
        (self._partition,) = consumer.assignment()

    async def count(self) -> int:
        first, end = await self._bounds()
        return end - first

    async def dead_letters(self) -> AsyncIterator[DeadLetter]:
        async for messages in self._portions():
            for message in messages:
                yield _dead_letter(message)

    async def replay(self, handle: Handle) -> int:
        taken = 0
        async for messages in self._portions():
            await handle([_dead_letter(message).record for message in messages])
            await self._remove_up_to(messages[-1].offset)
            taken += len(messages)
        return taken

    async def discard(self, unwanted: Collection[int]) -> int:
        last, dropped = max(unwanted), 0
        async for messages in self._portions():
            reached = [message for message in messages if message.offset <= last]
            if not reached:
                break
            kept = [message for message in reached if message.offset not in unwanted]
            await self._write_again(kept)
            await self._remove_up_to(reached[-1].offset)
            dropped += len(reached) - len(kept)
        return dropped

    async def _portions(self) -> AsyncIterator[list[Any]]:
        """Yield portions of at most AT_ONCE raw messages, up to the end at the time of the call."""
        position, end = await self._bounds()
        self._consumer.seek(self._partition, position)
        while position < end:
            async with bounded(TIMEOUT, "dead-letter topic"):
                found = await self._consumer.getmany(timeout_ms=1000, max_records=AT_ONCE)
                position = await self._consumer.position(self._partition)
            messages = [m for m in found.get(self._partition, []) if m.offset < end]
            if messages:
                yield messages

    async def _bounds(self) -> tuple[int, int]:
        """Return the first offset, and the one after the last."""
        async with bounded(TIMEOUT, "dead-letter topic"):
            first = await self._consumer.beginning_offsets([self._partition])
            end = await self._consumer.end_offsets([self._partition])
        return first[self._partition], end[self._partition]

    async def _write_again(self, messages: Sequence[Any]) -> None:
        async with bounded(TIMEOUT, "dead-letter topic"):
            sent = [
                await self._producer.send(
                    self._partition.topic, key=m.key, value=m.value, headers=list(m.headers)
                )
                for m in messages
            ]
            await asyncio.gather(*sent)

    async def _remove_up_to(self, offset: int) -> None:
        async with bounded(TIMEOUT, "dead-letter topic"):
            await self._admin.delete_records({self._partition: RecordsToDelete(offset + 1)})


@asynccontextmanager
async def of(projection: ProjectorSpec) -> AsyncIterator[KafkaDeadLetterQueue]:
    """Open the dead-letter queue of a projector; raises Unavailable."""
    brokers = projection.brokers
    consumer = AIOKafkaConsumer(**brokers.aiokafka(), group_id=None)
    producer = dead_letter_producer(brokers)
    admin = AIOKafkaAdminClient(**brokers.aiokafka())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(admin.close)
        stack.push_async_callback(producer.stop)
        stack.push_async_callback(consumer.stop)
        async with bounded(TIMEOUT, "dead-letter topic"):
            for client in (consumer, producer, admin):
                await client.start()
            consumer.assign([TopicPartition(projection.dead_letter_topic, 0)])
        yield KafkaDeadLetterQueue(consumer, producer, admin)


def _dead_letter(message: Any) -> DeadLetter:
    """Return a message as a dead letter; missing headers are UNKNOWN: any program may write one."""
    headers = {
        name: value.decode(errors="replace") for name, value in message.headers if value is not None
    }
    record = Record(
        headers.get("source.topic", UNKNOWN),
        _number(headers.get("source.partition", "")),
        _number(headers.get("source.offset", "")),
        message.key,
        message.value,
    )
    return DeadLetter(
        message.offset, record, headers.get("reason", UNKNOWN), headers.get("failed_at", UNKNOWN)
    )


def _number(text: str) -> int:
    return int(text) if NUMBER.fullmatch(text) else -1
