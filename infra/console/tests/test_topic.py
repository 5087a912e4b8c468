"""The topic on a real Kafka: read from its end, and only while a page is open."""

import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.stores.kafka import Brokers
from chassis.testing import eventually, serving
from console import topic as topics
from console.subscribers import Subscribers
from console.topic import Topic
from local_stack.addresses import Addresses


@dataclass(frozen=True)
class Record:
    key: bytes
    value: bytes | None = b"event"


@pytest.fixture
async def name(stack: Addresses) -> AsyncIterator[str]:
    """Create a topic of this test's own; return its name."""
    name = f"console-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, num_partitions=4, replication_factor=1)])
    yield name
    await admin.delete_topics([name])
    await admin.close()


@pytest.fixture
async def producer(stack: Addresses) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap)
    await producer.start()
    yield producer
    await producer.stop()


@pytest.mark.integration
async def test_events_that_come_while_a_page_is_open_are_seen(
    stack: Addresses, name: str, producer: AIOKafkaProducer
) -> None:
    subscribers = Subscribers()
    topic = Topic(Brokers(stack.kafka_bootstrap), name, subscribers)

    async def reading() -> None:
        assert topic.is_read

    async def not_reading() -> None:
        assert not topic.is_read

    async def seen() -> None:
        assert began <= topic.seen_at("here") <= time.monotonic()

    await producer.send_and_wait(name, b"event", key=b"before")
    async with serving(topic):
        with subscribers.page():
            await eventually(reading)
            began = time.monotonic()
            partition = 0  # one partition for both, so that the order is known
            await producer.send_and_wait(name, None, key=b"tombstone", partition=partition)
            await producer.send_and_wait(name, b"event", key=b"here", partition=partition)
            await eventually(seen)
        await eventually(not_reading)
    assert topic.seen_at("before") == topic.seen_at("tombstone") == float("-inf")


async def test_remembered_events_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "REMEMBERED", 2)
    topic = Topic(Brokers(""), "", Subscribers())
    for key in (b"1", b"2", b"1", b"3"):
        topic._remember([Record(key)])
    assert topic.seen_at("2") == float("-inf")
    assert topic.seen_at("1") <= topic.seen_at("3")
