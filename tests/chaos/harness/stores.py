"""Contents of the stores, read directly."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pymysql
from opensearchpy.helpers import async_scan

from chassis.stores.kafka import Brokers
from local_stack.addresses import Addresses
from projections.kafka.topic_identity import TopicIdentity
from projections.redis.layout import RedisLayout
from tests.chaos.harness.topic import PARTITIONS
from tests.support.clients.api_clients import as_root
from tests.support.stores import opensearch_operator
from tests.support.stores.redis_operator import connected, serving
from user_contracts.proto.user.v1 import User

LAYOUT = RedisLayout("users")

COLUMNS = "user_id, version, type, first_name, last_name, created_at, idempotency_key"


@dataclass(frozen=True, slots=True)
class State:
    """A user as a view should show it; no names: deleted."""

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
    """A read model: users with their states, the offsets beside them, and inconsistencies."""

    users: dict[str, State]
    offsets: dict[int, int]
    oddities: list[str] = field(default_factory=list)


def events(stack: Addresses) -> list[Row]:
    """Return every event of the event store, ordered by user and version."""
    connection = pymysql.connect(**as_root(stack), database=stack.mysql_database)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM user_event ORDER BY user_id, version")
        return [_row(*row) for row in cursor.fetchall()]


def marked_gaps(stack: Addresses) -> dict[str, set[int]]:
    """Return user → versions that a restore could not recover (docs/recovery.md)."""
    marked: dict[str, set[int]] = {}
    connection = pymysql.connect(**as_root(stack), database=stack.mysql_database)
    with connection, connection.cursor() as cursor:
        if cursor.execute("SHOW TABLES LIKE 'user\\_event\\_gap'"):
            cursor.execute("SELECT aggregate_id, first_version, last_version FROM user_event_gap")
            for user, first, last in cursor.fetchall():
                marked.setdefault(user, set()).update(range(first, last + 1))
    return marked


def _row(user: str, version: int, type_: str, *others: Any) -> Row:
    first_name, last_name, created_at, key = others
    return Row(user, version, type_, first_name, last_name, _rfc3339(created_at), key)


def _rfc3339(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


async def redis_view(stack: Addresses) -> View:
    """Return the Redis view of the serving generation (schemas/views/redis-users.md)."""
    async with connected(stack) as redis:
        generation = await serving(redis)
        pattern = LAYOUT.pattern(generation)
        keys = [key.decode() async for key in redis.scan_iter(pattern, count=1000)]
        kept = dict.fromkeys(keys)
        hashes = [key for key in kept if key.count(":") == 4]
        pipeline = redis.pipeline(transaction=False)
        for key in hashes:
            pipeline.hgetall(key)
        values = dict(zip(hashes, await pipeline.execute(), strict=True))
        orders = {key for key in kept if key.count(":") == 3} - others(generation)
        ordered = {m.decode() for k in sorted(orders) for m in await redis.zrange(k, 0, -1)}
        buckets = {m.decode() for m in await redis.zrange(LAYOUT.directory_key(generation), 0, -1)}
        log = await TopicIdentity(Brokers(stack.kafka_bootstrap), "user.events").id()
        fields = [f"{log}:{partition}" for partition in PARTITIONS]
        shards = [await redis.hmget(key, fields) for key in offset_keys(generation)]
    users = {key.rsplit(":", 1)[1]: _hash(value) for key, value in values.items()}
    living = {user for user, state in users.items() if state.names}
    oddities = [f"redis: {user} is missing in the sorted set" for user in living - ordered]
    oddities += [f"redis: {user} is in the sorted set, but deleted" for user in ordered - living]
    oddities += [f"redis: no bucket {user[:6]}" for user in living if user[:6] not in buckets]
    oddities += [f"redis: json and proto of {u} differ" for u, v in values.items() if _differ(v)]
    oddities += [] if all(s == shards[0] for s in shards) else ["redis: offsets of shards differ"]
    offsets = dict(zip(PARTITIONS, shards[0], strict=True))
    return View(users, {p: int(o) for p, o in offsets.items() if o is not None}, oddities)


def offset_keys(generation: str) -> list[str]:
    return [LAYOUT.offsets_key(generation, shard) for shard in LAYOUT.SHARDS]


def others(generation: str) -> set[str]:
    """Return the keys of a generation that are not users."""
    return {LAYOUT.directory_key(generation), *offset_keys(generation)}


def _hash(value: dict[bytes, bytes]) -> State:
    version = int(value[b"version"])
    if b"json" not in value:
        return State(version, None, "")
    body = json.loads(value[b"json"])
    names = (body["first_name"], body["last_name"])
    return State(body["version"] if body["version"] == version else -1, names, body["created_at"])


def _differ(value: dict[bytes, bytes]) -> bool:
    if b"json" not in value:
        return b"proto" in value
    body, user = json.loads(value[b"json"]), User().parse(value[b"proto"])
    names = (user.first_name, user.last_name)
    return (user.version, *names) != (body["version"], body["first_name"], body["last_name"])


async def opensearch_view(stack: Addresses) -> View:
    """Return the serving OpenSearch view (schemas/views/opensearch-users.md)."""
    users, offsets = {}, {}
    stored = f"offset-{await TopicIdentity(Brokers(stack.kafka_bootstrap), 'user.events').id()}-"
    async with opensearch_operator.connected(stack) as client:
        await client.indices.refresh(index="users")
        async for document in async_scan(client, index="users", size=2000):
            source = document["_source"]
            if document["_id"].startswith(stored):
                offsets[int(document["_id"].removeprefix(stored))] = source["next_offset"]
            elif not document["_id"].startswith("offset-"):
                users[document["_id"]] = _document(source)
    return View(users, offsets)


def _document(source: dict[str, Any]) -> State:
    if source.get("deleted"):
        return State(source["version"], None, "")
    names = (source["first_name"], source["last_name"])
    return State(source["version"], names, source["created_at"])
