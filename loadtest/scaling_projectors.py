"""Events per second with more processes and partitions of redis-projector, each on an empty Redis.

After `make up`. The records of a backlog are copied to topics of 1, 2 and 4 partitions.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from redis.asyncio import Redis

from chassis.stores.kafka import Brokers
from loadtest.catch_up import TOPIC, until_in_kafka, write
from loadtest.reads import BIN, OURS, process
from local_stack import control
from local_stack.addresses import Addresses
from projections.kafka.topic_identity import TopicIdentity
from projections.redis.generations import RedisGenerations
from projections.redis.layout import RedisLayout

PROJECTOR = "redis-projector"
FORMS = ((1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (4, 4))  # partitions, processes
TIMEOUT = 300.0  # seconds
ASSIGNED_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class Scaled:
    """Result of this many processes, measured from a tenth of the records to nine tenths."""

    partitions: int
    processes: int
    rate: float
    cpu: float
    """CPU seconds per second, of the projectors."""
    redis: float
    """CPU seconds per second, of Redis."""

    def __str__(self) -> str:
        each = 1e6 * self.cpu / self.rate
        return (
            f"| {self.partitions} | {self.processes} | {self.rate:.0f} | {self.cpu:.2f} "
            f"| {self.redis:.2f} | {each:.0f} |"
        )


def make_topic(stack: Addresses, partitions: int) -> str:
    """Create a topic again, and its dead-letter topic; return its name."""
    name = f"scaling.{partitions}.{time.time_ns()}"
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap})
    topics = [NewTopic(name, partitions, 1), NewTopic(f"{name}.{PROJECTOR}.dlq", 1, 1)]
    for done in admin.create_topics(topics).values():
        done.result(30)
    return name


@asynccontextmanager
async def copies(stack: Addresses) -> AsyncIterator[dict[int, str]]:
    """Yield partitions → a topic with all records of the stack's own; delete them afterwards."""
    names = {partitions: make_topic(stack, partitions) for partitions, _ in FORMS}
    consumer = AIOKafkaConsumer(
        TOPIC,
        **Brokers(stack.kafka_bootstrap).aiokafka(),
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap, linger_ms=20)
    async with AsyncExitStack() as opened:
        for client in (consumer, producer):
            await client.start()
            opened.push_async_callback(client.stop)
        while fetched := await consumer.getmany(timeout_ms=3000, max_records=5000):
            for records in fetched.values():
                for record in records:
                    for name in names.values():
                        await producer.send(name, record.value, key=record.key)
        await producer.flush()
    yield names
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap})
    topics = [t for name in names.values() for t in (name, f"{name}.{PROJECTOR}.dlq")]
    for done in admin.delete_topics(topics).values():
        done.result(30)


async def ends(stack: Addresses, topic: str, partitions: int) -> dict[int, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap)
    await consumer.start()
    try:
        found = await consumer.end_offsets([TopicPartition(topic, p) for p in range(partitions)])
        return {tp.partition: end for tp, end in found.items()}
    finally:
        await consumer.stop()


def settings(stack: Addresses, topic: str, number: int) -> dict[str, str]:
    own = {"TOPIC": topic, "ADMIN_PORT": str(OURS + number), "TRACE_RATIO": "0.01"}
    return stack.environment(PROJECTOR) | {f"REDIS_PROJECTOR_{k}": v for k, v in own.items()}


async def measure(stack: Addresses, topic: str, partitions: int, processes: int) -> Scaled:
    """Start it paused; resume once every process has its partitions."""
    until = await ends(stack, topic, partitions)
    log = await TopicIdentity(Brokers(stack.kafka_bootstrap), topic).id()
    async with Redis.from_url(stack.redis_url) as redis, AsyncExitStack() as running:
        await redis.flushdb()
        generations = RedisGenerations(redis, RedisLayout("users"))
        await generations.note({"paused_at": "2026-01-01T00:00:00+00:00"})
        started = [
            running.enter_context(
                process(BIN / PROJECTOR, environment=settings(stack, topic, number))
            )
            for number in range(processes)
        ]
        views = generations.views("1")
        await asyncio.sleep(ASSIGNED_WITHIN)  # the last rebalance is over
        watched = [psutil.Process(pid) for pid in started]
        server = psutil.Process(control.pid_of(stack.instance, "redis"))
        await generations.note({"paused_at": None})

        async def reached(share: float) -> tuple[float, float, float, int]:
            while True:
                held = await views.offsets(log, until)
                done = sum(offset or 0 for offset in held.values())
                if done >= share * sum(until.values()):
                    return time.perf_counter(), spent(watched), spent([server]), done
                await asyncio.sleep(0.02)

        async with asyncio.timeout(TIMEOUT):
            first, last = await reached(0.1), await reached(0.9)
            await reached(1.0)
    seconds = last[0] - first[0]
    rate = (last[3] - first[3]) / seconds
    return Scaled(
        partitions,
        processes,
        rate,
        (last[1] - first[1]) / seconds,
        (last[2] - first[2]) / seconds,
    )


def spent(processes: Sequence[psutil.Process]) -> float:
    """Return seconds of CPU."""
    times = [process.cpu_times() for process in processes]
    return float(sum(one.user + one.system for one in times))


async def measure_all(stack: Addresses, events: int) -> list[Scaled]:
    """Measure all forms; then the stack's own projectors run again, and fill Redis."""
    projectors = (PROJECTOR, "search-projector")
    for projector in projectors:
        control.stop(stack.instance, projector)
    await write(stack, events, 5)
    await until_in_kafka(stack)
    try:
        async with copies(stack) as topics:
            return [await measure(stack, topics[p], p, processes) for p, processes in FORMS]
    finally:
        async with Redis.from_url(stack.redis_url) as redis:
            await redis.flushdb()
        for projector in projectors:
            control.start(stack.instance, projector)


HEADER = (
    "| partitions | processes | events/s | cores, projectors | cores, Redis | µs/event |",
    "|---|---|---|---|---|---|",
)
