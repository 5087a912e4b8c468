"""Records written to the topic without the connector."""

import io
import itertools
import json
import struct
from collections.abc import Mapping
from typing import Any

import aiohttp
import fastavro
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.chaos.harness.scenario import Scenario
from tests.chaos.harness.topic import TOPIC, records
from user_contracts import avro_schema

DEAD_LETTERS = {
    "redis-projector": "user.events.redis-projector.dlq",
    "search-projector": "user.events.search-projector.dlq",
}
LARGEST = 1_048_576 - 150  # bytes; a record of Kafka's default limit, including frame and key
ALL_THERE_IS = -1  # an offset, to Kafka's DeleteRecords


async def poison(scenario: Scenario, count: int) -> set[str]:
    """Write invalid records, of each kind in turn; return their keys."""
    kinds = itertools.cycle(await _poisons(scenario.stack))
    keys = [f"{scenario.ledger.run}-poison-{number}" for number in range(count)]
    async with _producer(scenario.stack) as producer:
        for key, value in zip(keys, kinds, strict=False):
            await producer.send_and_wait(TOPIC, value, key=key.encode())
            await scenario.writes(20)
    return set(keys)


async def _poisons(stack: Addresses) -> list[bytes]:
    schema = await _schema_id(stack)
    vanished = {name["name"]: None for name in avro_schema()["fields"]} | {
        "user_id": "01890000-0000-7000-8000-000000000000",
        "event_id": "01890000-0000-7000-8000-000000000001",
        "version": 1,
        "type": "UserVanished",
        "created_at": "2026-01-01T00:00:00Z",
        "occurred_at": "2026-01-01T00:00:00Z",
    }
    return [
        b"\x01 not the magic byte",
        struct.pack(">bI", 0, 999_999) + b"of a schema that does not exist",
        struct.pack(">bI", 0, schema) + _encoded(vanished),
        struct.pack(">bI", 0, schema) + b"\xff" * 40,
        b"large".ljust(LARGEST, b"!"),
    ]


async def _schema_id(stack: Addresses) -> int:
    url = f"{stack.registry_url}/subjects/{TOPIC}-value/versions/latest"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        found: int = json.loads(await response.text())["id"]
        return found


def _encoded(event: Mapping[str, Any]) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(dict(avro_schema())), event)
    return body.getvalue()


async def repeats(scenario: Scenario, count: int) -> None:
    """Write records of the topic again, as a connector with at-least-once delivery may."""

    async def all_there() -> list[Any]:
        found = await records(scenario.stack, scenario.since)
        old = [record for record in found if record.value is not None]
        assert len(old) >= sum(1 for _ in scenario.ledger.acknowledged())
        return old

    old = await eventually(all_there, within=90, every=1)
    async with _producer(scenario.stack) as producer:
        for record in scenario.chance.sample(old, min(count, len(old) // 2)):
            await producer.send_and_wait(
                TOPIC, record.value, key=record.key, partition=record.partition
            )


async def dead_letters(stack: Addresses, projector: str) -> list[str]:
    """Return the keys of a projector's dead letters, oldest first."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap)
    await consumer.start()
    found: list[str] = []
    try:
        partition = TopicPartition(DEAD_LETTERS[projector], 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        while await consumer.position(partition) < end:
            fetched = await consumer.getmany(timeout_ms=500)
            found += [record.key.decode() for batch in fetched.values() for record in batch]
    finally:
        await consumer.stop()
    return found


async def delete_dead_letters(stack: Addresses) -> None:
    """Empty both dead-letter topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        everything = RecordsToDelete(before_offset=ALL_THERE_IS)
        await admin.delete_records(
            {TopicPartition(t, 0): everything for t in DEAD_LETTERS.values()}
        )
    finally:
        await admin.close()


def _producer(stack: Addresses) -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap, max_request_size=2 * LARGEST)
