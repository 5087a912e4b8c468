"""The views that the one contract suite runs over, each empty."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from chassis.generations import Generations
from chassis.memory_generations import MemoryGenerations
from chassis.projection import Views
from local_stack.addresses import Addresses
from redis_projector.memory_user_views import MemoryUserViews
from redis_projector.projection import UserChange
from redis_projector.redis_generations import RedisGenerations
from redis_projector.redis_user_views import RedisUserViews


@pytest.fixture
async def redis(stack: Addresses) -> AsyncIterator[Redis]:
    """A database of Redis that only contract tests use."""
    async with Redis.from_url(stack.redis_url.removesuffix("/0") + "/9") as redis:
        await redis.flushdb()
        yield redis
        await redis.flushdb()


@pytest.fixture
def memory_views() -> MemoryUserViews:
    return MemoryUserViews()


@pytest.fixture
def redis_views(redis: Redis) -> RedisUserViews:
    return RedisUserViews(redis, "1")


@pytest.fixture
def memory_generations() -> MemoryGenerations[UserChange]:
    return MemoryGenerations(MemoryUserViews)


@pytest.fixture
def redis_generations(redis: Redis) -> RedisGenerations:
    return RedisGenerations(redis)


@pytest.fixture(
    params=["memory_generations", pytest.param("redis_generations", marks=pytest.mark.integration)]
)
def generations(request: pytest.FixtureRequest) -> Generations[UserChange]:
    generations: Generations[UserChange] = request.getfixturevalue(request.param)
    return generations


@pytest.fixture(params=["memory_views", pytest.param("redis_views", marks=pytest.mark.integration)])
def views(request: pytest.FixtureRequest) -> Views[UserChange]:
    views: Views[UserChange] = request.getfixturevalue(request.param)
    return views
