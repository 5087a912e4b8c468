"""The views that the one contract suite runs over, each empty."""

import pytest

from chassis.stores.redis import AnyRedis
from projections.generations import Generations
from projections.memory.generations import MemoryGenerations
from projections.memory.views import Hashes, hashes
from projections.projector import Views
from projections.redis.change import RedisChange
from projections.redis.generations import RedisGenerations
from projections.redis.views import RedisViews
from user_contracts import redis_users


@pytest.fixture
def memory_views() -> Hashes:
    return hashes()


@pytest.fixture
def redis_views(redis: AnyRedis) -> RedisViews:
    return RedisViews(redis, redis_users, "1")


@pytest.fixture
def memory_generations() -> MemoryGenerations[RedisChange]:
    return MemoryGenerations(hashes)


@pytest.fixture
def redis_generations(redis: AnyRedis) -> RedisGenerations:
    return RedisGenerations(redis, redis_users)


@pytest.fixture
def generations(request: pytest.FixtureRequest, store: str) -> Generations[RedisChange]:
    name = "memory_generations" if store == "memory" else "redis_generations"
    generations: Generations[RedisChange] = request.getfixturevalue(name)
    return generations


@pytest.fixture
def views(request: pytest.FixtureRequest, store: str) -> Views[RedisChange]:
    name = "memory_views" if store == "memory" else "redis_views"
    views: Views[RedisChange] = request.getfixturevalue(name)
    return views
