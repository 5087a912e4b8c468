"""Contents of the topic, read directly."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition

from local_stack.addresses import Addresses
from projections.kafka.avro import AvroDecoder
from projections.ports import Undecodable
from user_contracts import avro_schema

TOPIC = "user.events"
PARTITIONS = range(4)
TYPES = {"UserCreated", "UserRenamed", "UserDeleted"}


@dataclass(frozen=True, slots=True)
class Message:
    """A record of the topic; no event: a tombstone, or an invalid record."""

    partition: int
    offset: int
    event: dict[str, Any] | None


async def ends(stack: Addresses) -> dict[int, int]:
    """Return the end offset of each partition of the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap)
    await consumer.start()
    try:
        found = await consumer.end_offsets([TopicPartition(TOPIC, p) for p in PARTITIONS])
        return {partition.partition: end for partition, end in found.items()}
    finally:
        await consumer.stop()


async def messages(stack: Addresses, since: Mapping[int, int]) -> list[Message]:
    """Return the topic's records from these offsets on, in each partition's order."""
    decode = AvroDecoder(_Schemas(stack.registry_url), avro_schema())
    return [await _message(decode, one) for one in await records(stack, since)]


async def records(stack: Addresses, since: Mapping[int, int]) -> list[Any]:
    """Return Kafka's records from these offsets on, without aborted transactions."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka_bootstrap, isolation_level="read_committed"
    )
    await consumer.start()
    found: list[Any] = []
    try:
        partitions = [TopicPartition(TOPIC, p) for p in PARTITIONS]
        end = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, since[partition.partition])
        while any([await consumer.position(p) < end[p] for p in partitions]):
            found += _flat(await consumer.getmany(timeout_ms=500, max_records=2000))
    finally:
        await consumer.stop()
    return found


def _flat(fetched: dict[TopicPartition, list[Any]]) -> Iterator[Any]:
    for batch in fetched.values():
        yield from batch


async def _message(decode: AvroDecoder, record: Any) -> Message:
    event = None
    if record.value is not None:
        with suppress(Undecodable):
            event = dict(await decode(record.value))
    is_event = event is not None and event["type"] in TYPES
    return Message(record.partition, record.offset, event if is_event else None)


class _Schemas:
    """Client of the registry, over a connection that is closed again."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def by_id(self, schema_id: int) -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._url}/schemas/ids/{schema_id}") as response,
        ):
            if response.status == 404:
                raise Undecodable(f"unknown schema id {schema_id}")
            schema: str = (await response.json(content_type=None))["schema"]
            return schema
