"""Where a projection stands in its log, seen from outside the running projector."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.problems import Unavailable
from chassis.projection import Projection

WITHIN = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Place:
    """Of one partition: the next offset that the views want, the log's end, records between."""

    offset: int
    end: int
    lag: int
    """At most so many: the log's marks of transactions count, but 0 is told only when it is 0."""


async def places(projection: Projection) -> dict[int, Place]:
    """Where the views stand, by partition; raises Unavailable."""
    consumer = AIOKafkaConsumer(
        projection.topic,
        bootstrap_servers=projection.bootstrap,
        group_id=None,
        isolation_level="read_committed",
    )
    try:
        async with asyncio.timeout(WITHIN):
            await consumer.start()
            return await _places(projection, consumer)
    except (KafkaError, TimeoutError) as error:
        raise Unavailable(f"kafka: {error!r}") from error
    finally:
        await consumer.stop()


async def _places(projection: Projection, consumer: AIOKafkaConsumer) -> dict[int, Place]:
    partitions = consumer.assignment()
    first = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    stored = await projection.views.offsets([p.partition for p in partitions])
    begins = {p: max(stored[p.partition] or 0, first[p]) for p in partitions}
    for partition, offset in begins.items():
        consumer.seek(partition, offset)
    behind = await _behind(consumer, ends)
    return {
        p.partition: Place(begins[p], end, end - begins[p] if p in behind else 0)
        for p, end in ends.items()
    }


async def _behind(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
) -> set[TopicPartition]:
    """The partitions with a record from the consumer's position on.

    Reading tells: what stands between the last record and the end may be marks of transactions.
    """
    behind: set[TopicPartition] = set()
    pending = set(ends)
    while pending:
        behind |= (await consumer.getmany(timeout_ms=200)).keys()
        at_end = {p for p in pending if await consumer.position(p) >= ends[p]}
        pending -= behind | at_end
    return behind
