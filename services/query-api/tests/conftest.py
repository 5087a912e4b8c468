"""The views that the one contract suite runs over, filled by hand as the contract page has it."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from chassis.stores.redis import AnyRedis
from projections.memory.reader import MemoryReader
from projections.queries import ViewQueries
from projections.reader import BatchingReader, ViewReader
from projections.redis.reader import RedisReader
from query_api.application import UserDirectory
from user_contracts import redis_users

Fill = Callable[[str, Mapping[str, bytes] | None], Coroutine[Any, Any, None]]


@dataclass
class Shelf:
    """A view to read, and a way to put a user's hash into it; None takes the user away."""

    views: ViewReader
    put: Fill


@pytest.fixture
def memory_shelf() -> Shelf:
    users: dict[str, Mapping[str, bytes]] = {}

    async def put(user_id: str, fields: Mapping[str, bytes] | None) -> None:
        if fields is None:
            users.pop(user_id)
        else:
            users[user_id] = fields

    return Shelf(MemoryReader(users), put)


@pytest.fixture
def redis_shelf(redis: AnyRedis) -> Shelf:
    async def put(user_id: str, fields: Mapping[str, bytes] | None) -> None:
        bucket = user_id[:6]
        listing, key = redis_users.bucket_key("1", bucket), redis_users.hash_key("1", user_id)
        await redis.zadd(redis_users.directory_key("1"), {bucket: 0})
        await redis.delete(key)
        if fields is not None:
            await redis.hset(key, mapping=dict(fields))  # type: ignore[arg-type] # bytes are fine
        if fields is not None and "json" in fields:
            await redis.zadd(listing, {user_id: 0})
        else:
            await redis.zrem(listing, user_id)

    return Shelf(BatchingReader(RedisReader(redis, redis_users, timeout=2, at_once=8)), put)


@pytest.fixture
def shelf(request: pytest.FixtureRequest, store: str) -> Shelf:
    name = "memory_shelf" if store == "memory" else "redis_shelf"
    shelf: Shelf = request.getfixturevalue(name)
    return shelf


@pytest.fixture
def directory(memory_shelf: Shelf) -> UserDirectory:
    return UserDirectory(ViewQueries(memory_shelf.views, visible_timeout=0.2))
