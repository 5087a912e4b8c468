"""A test's own topic, and a projector that projects it to an in-memory view."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from prometheus_client import Gauge

from chassis.stores.kafka import Brokers
from chassis.testing import eventually, serving
from projections.dead_letters import DeadLetters
from projections.directives import DirectivePoller
from projections.kafka.consumer import KafkaConsumer
from projections.kafka.dead_letters import KafkaDeadLetters
from projections.memory.generations import MemoryGenerations
from projections.ports import Handle, Views
from projections.projector import Projector, dead_letter_topic
from projections.spec import ProjectorSpec
from tests.support.fakes.fake_view import PROJECTION, FakeView, Put, decode

PARTITIONS = 2
LARGEST = 1_048_576 - 150  # bytes of a value; with frame and key the maximum of a topic


@dataclass
class Log:
    """A topic of this test's own."""

    bootstrap: str
    topic: str
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient

    async def make_anew(self) -> None:
        """Delete the topic, and create another with its name."""
        await self.admin.delete_topics([self.topic])

        async def created() -> None:
            (answer,) = (
                await self.admin.create_topics([NewTopic(self.topic, PARTITIONS, 1)])
            ).topic_errors
            assert answer[1] == 0, answer

        await eventually(created, within=30)

    async def write(self, *values: str) -> None:
        for value in values:
            await self.producer.send_and_wait(
                self.topic, value.encode(), key=value.split("@")[0].encode()
            )

    @asynccontextmanager
    async def projection(self, generations: MemoryGenerations[Put]) -> AsyncIterator[ProjectorSpec]:
        """Return the parts of a projector for the serving generation."""
        brokers = Brokers(self.bootstrap)
        dead_letters = KafkaDeadLetters(brokers, dead_letter_topic(self.topic, self.topic))

        def handler(views: Views[Put], dead_letters: DeadLetters) -> Handle:
            return Projector(decode, PROJECTION, views, dead_letters).handle

        try:
            yield ProjectorSpec(
                brokers,
                self.topic,
                self.topic,
                generations,
                handler,
                dead_letters,
            )
        finally:
            await dead_letters.close()

    @asynccontextmanager
    async def projecting(self, generations: MemoryGenerations[Put]) -> AsyncIterator[KafkaConsumer]:
        """Run a projector, wired as in its process, while the block runs."""
        async with self.projection(generations) as projection:
            operator = DirectivePoller(generations)
            consumer = KafkaConsumer(projection, operator.directives)
            async with serving(operator, consumer):
                yield consumer

    @asynccontextmanager
    async def projected_onto(self, view: FakeView) -> AsyncIterator[KafkaConsumer]:
        """Run a projector that writes to the view while the block runs."""
        async with self.projecting(MemoryGenerations(lambda: view)) as consumer:
            yield consumer


@asynccontextmanager
async def new(bootstrap: str) -> AsyncIterator[Log]:
    """Create a topic and its dead-letter topic; delete both afterwards."""
    topic = f"test-{uuid.uuid4().hex[:8]}"
    async with started(AIOKafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        dead_letters = dead_letter_topic(topic, topic)
        roomy = {"max.message.bytes": "2097152"}
        await admin.create_topics(
            [NewTopic(topic, PARTITIONS, 1), NewTopic(dead_letters, 1, 1, topic_configs=roomy)]
        )
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=2 * LARGEST)
        async with started(producer):
            yield Log(bootstrap, topic, producer, admin)
        await admin.delete_topics([topic, dead_letters])


@asynccontextmanager
async def started(client: Any) -> AsyncIterator[Any]:
    await client.start()
    try:
        yield client
    finally:
        await (client.close() if hasattr(client, "close") else client.stop())


async def first_dead_letter(log: Log) -> Any:
    """Return a running projector's dead letter: its partition may be read after all others."""
    dead_letters = AIOKafkaConsumer(
        dead_letter_topic(log.topic, log.topic),
        bootstrap_servers=log.bootstrap,
        auto_offset_reset="earliest",
    )
    async with asyncio.timeout(20), started(dead_letters):
        return await dead_letters.getone()


async def holds(view: FakeView, expected: dict[str, int]) -> None:
    async def check() -> None:
        assert view.held == expected

    await eventually(check, within=30)


def total(gauge: Gauge) -> float:
    """Return a gauge's sum over all labels."""
    return sum(sample.value for metric in gauge.collect() for sample in metric.samples)
