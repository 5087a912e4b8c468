"""What the stores and the topic hold, read behind everybody's back."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pymysql
from aiokafka import AIOKafkaConsumer, TopicPartition
from doors import as_root
from opensearchpy import AsyncOpenSearch
from opensearchpy.helpers import async_scan
from redis.asyncio import Redis

from chassis.avro import AvroDecoder
from chassis.projection import Undecodable
from local_stack.addresses import Addresses
from user_contracts import avro_schema
from user_contracts.proto.user.v1 import User

TOPIC = "user.events"
PARTITIONS = range(4)
TYPES = {"UserCreated", "UserRenamed", "UserDeleted"}
COLUMNS = "user_id, version, type, first_name, last_name, created_at, idempotency_key"


@dataclass(frozen=True, slots=True)
class State:
    """A user as a view should tell it; no names: deleted."""

    version: int
    names: tuple[str, str] | None
    created_at: str


@dataclass(frozen=True, slots=True)
class Row:
    """An event in the store."""

    user: str
    version: int
    type: str
    first_name: str | None
    last_name: str | None
    created_at: str
    key: str | None

    @property
    def marker(self) -> str:
        """The request that wrote it."""
        return self.first_name or self.key or ""


@dataclass(frozen=True, slots=True)
class View:
    """A read model: users with their states, the offsets beside them, and what looks wrong."""

    users: dict[str, State]
    offsets: dict[int, int]
    oddities: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Message:
    """A record of the topic; no event: a tombstone, or poison."""

    partition: int
    offset: int
    event: dict[str, Any] | None


def events(stack: Addresses) -> list[Row]:
    """Every event of the event store, in the order of user and version."""
    connection = pymysql.connect(**as_root(stack), database=stack.mysql_database)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM user_event ORDER BY user_id, version")
        return [_row(*row) for row in cursor.fetchall()]


def _row(user: str, version: int, type_: str, *others: Any) -> Row:
    first_name, last_name, created_at, key = others
    return Row(user, version, type_, first_name, last_name, _rfc3339(created_at), key)


def _rfc3339(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


async def redis_view(stack: Addresses) -> View:
    """The Redis view of the generation that serves (schemas/views/redis-users.md)."""
    redis: Any  # its own types are those of both, texts and bytes
    async with Redis.from_url(stack.redis_url) as redis:
        prefix = f"users:{(await redis.get('users:generation') or b'1').decode()}"
        keys = [key.decode() async for key in redis.scan_iter(f"{prefix}:*", count=1000)]
        kept = dict.fromkeys(keys)
        hashes = [key for key in kept if key.count(":") == 3 and "}:" in key]
        pipeline = redis.pipeline(transaction=False)
        for key in hashes:
            pipeline.hgetall(key)
        values = dict(zip(hashes, await pipeline.execute(), strict=True))
        orders = {k for k in kept if k.endswith("}")}
        ordered = {m.decode() for k in sorted(orders) for m in await redis.zrange(k, 0, -1)}
        buckets = {m.decode() for m in await redis.zrange(f"{prefix}:buckets", 0, -1)}
        offsets = {p: await redis.get(f"{prefix}:offset:{p}") for p in PARTITIONS}
    users = {key.rsplit(":", 1)[1]: _hash(value) for key, value in values.items()}
    living = {user for user, state in users.items() if state.names}
    oddities = [f"redis: {user} is not in its order" for user in living - ordered]
    oddities += [f"redis: {user} is in an order, and not alive" for user in ordered - living]
    oddities += [f"redis: no bucket {user[:6]}" for user in living if user[:6] not in buckets]
    oddities += [f"redis: json and proto of {u} differ" for u, v in values.items() if _differ(v)]
    return View(users, {p: int(o) for p, o in offsets.items() if o is not None}, oddities)


def _hash(value: dict[bytes, bytes]) -> State:
    version = int(value[b"version"])
    if b"json" not in value:
        return State(version, None, "")
    told = json.loads(value[b"json"])
    names = (told["first_name"], told["last_name"])
    return State(told["version"] if told["version"] == version else -1, names, told["created_at"])


def _differ(value: dict[bytes, bytes]) -> bool:
    if b"json" not in value:
        return b"proto" in value
    told, user = json.loads(value[b"json"]), User().parse(value[b"proto"])
    names = (user.first_name, user.last_name)
    return (user.version, *names) != (told["version"], told["first_name"], told["last_name"])


async def opensearch_view(stack: Addresses) -> View:
    """The OpenSearch view that serves (schemas/views/opensearch-users.md)."""
    users, offsets = {}, {}
    async with AsyncOpenSearch(stack.opensearch_url, timeout=20, max_retries=0) as client:
        await client.indices.refresh(index="users")
        async for document in async_scan(client, index="users", size=2000):
            source = document["_source"]
            if document["_id"].startswith("offset-"):
                offsets[int(document["_id"].removeprefix("offset-"))] = source["next_offset"]
            else:
                users[document["_id"]] = _document(source)
    return View(users, offsets)


def _document(source: dict[str, Any]) -> State:
    if source.get("deleted"):
        return State(source["version"], None, "")
    names = (source["first_name"], source["last_name"])
    return State(source["version"], names, source["created_at"])


async def ends(stack: Addresses) -> dict[int, int]:
    """The end of each partition of the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap)
    await consumer.start()
    try:
        found = await consumer.end_offsets([TopicPartition(TOPIC, p) for p in PARTITIONS])
        return {partition.partition: end for partition, end in found.items()}
    finally:
        await consumer.stop()


async def messages(stack: Addresses, since: Mapping[int, int]) -> list[Message]:
    """What lies on the topic from these offsets on, in each partition's order."""
    decode = AvroDecoder(_Schemas(stack.registry_url), avro_schema())
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka_bootstrap, isolation_level="read_committed"
    )
    await consumer.start()
    found: list[Message] = []
    try:
        partitions = [TopicPartition(TOPIC, p) for p in PARTITIONS]
        end = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, since[partition.partition])
        while any([await consumer.position(p) < end[p] for p in partitions]):
            fetched = await consumer.getmany(timeout_ms=500, max_records=2000)
            found += [await _message(decode, one) for one in _flat(fetched)]
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
    """The registry, asked over a connection that is closed again."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def by_id(self, schema_id: int) -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._url}/schemas/ids/{schema_id}") as response,
        ):
            if response.status == 404:
                raise Undecodable(f"no schema has the id {schema_id}")
            schema: str = (await response.json(content_type=None))["schema"]
            return schema
