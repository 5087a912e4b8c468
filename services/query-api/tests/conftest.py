"""The views that the one contract suite runs over, filled by hand as the contract page has it."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from local_stack.addresses import Addresses
from query_api.application import UserDirectory
from query_api.memory_user_views import MemoryUserViews
from query_api.ports import UserViews
from query_api.redis_user_views import RedisUserViews
from query_api.shared_reads import SharedUserViews

Fill = Callable[[str, Mapping[str, bytes] | None], Coroutine[Any, Any, None]]


@dataclass
class Shelf:
    """A view to read, and a way to put a user's hash into it; None takes the user away."""

    views: UserViews
    put: Fill


@pytest.fixture
def memory_shelf() -> Shelf:
    users: dict[str, Mapping[str, bytes]] = {}

    async def put(user_id: str, fields: Mapping[str, bytes] | None) -> None:
        if fields is None:
            users.pop(user_id)
        else:
            users[user_id] = fields

    return Shelf(MemoryUserViews(users), put)


@pytest.fixture
async def redis(stack: Addresses) -> AsyncIterator[Redis]:
    """A database of Redis that only contract tests use."""
    async with Redis.from_url(stack.redis_url.removesuffix("/0") + "/9") as redis:
        await redis.flushdb()
        yield redis
        await redis.flushdb()


@pytest.fixture
def redis_shelf(redis: Redis) -> Shelf:
    async def put(user_id: str, fields: Mapping[str, bytes] | None) -> None:
        bucket = user_id[:6]
        order = f"users:1:{{{bucket}}}"
        await redis.zadd("users:1:buckets", {bucket: 0})
        await redis.delete(f"{order}:{user_id}")
        if fields is not None:
            await redis.hset(f"{order}:{user_id}", mapping=dict(fields))  # type: ignore[arg-type] # bytes are fine
        if fields is not None and "json" in fields:
            await redis.zadd(order, {user_id: 0})
        else:
            await redis.zrem(order, user_id)

    return Shelf(SharedUserViews(RedisUserViews(redis, timeout=2)), put)


@pytest.fixture(params=["memory_shelf", pytest.param("redis_shelf", marks=pytest.mark.integration)])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    shelf: Shelf = request.getfixturevalue(request.param)
    return shelf


@pytest.fixture
def directory(memory_shelf: Shelf) -> UserDirectory:
    return UserDirectory(memory_shelf.views, visible_timeout=0.2)
