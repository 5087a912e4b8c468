"""The views that the one contract suite runs over, each empty."""

import pytest

from chassis.stores.redis import AnyRedis
from projections.generations import Generations
from projections.memory.generations import MemoryGenerations
from projections.projector import Views
from redis_projector.memory_user_views import MemoryUserViews
from redis_projector.projection import UserChange
from redis_projector.redis_generations import RedisGenerations
from redis_projector.redis_user_views import RedisUserViews


@pytest.fixture
def memory_views() -> MemoryUserViews:
    return MemoryUserViews()


@pytest.fixture
def redis_views(redis: AnyRedis) -> RedisUserViews:
    return RedisUserViews(redis, "1")


@pytest.fixture
def memory_generations() -> MemoryGenerations[UserChange]:
    return MemoryGenerations(MemoryUserViews)


@pytest.fixture
def redis_generations(redis: AnyRedis) -> RedisGenerations:
    return RedisGenerations(redis)


@pytest.fixture
def generations(request: pytest.FixtureRequest, store: str) -> Generations[UserChange]:
    name = "memory_generations" if store == "memory" else "redis_generations"
    generations: Generations[UserChange] = request.getfixturevalue(name)
    return generations


@pytest.fixture
def views(request: pytest.FixtureRequest, store: str) -> Views[UserChange]:
    name = "memory_views" if store == "memory" else "redis_views"
    views: Views[UserChange] = request.getfixturevalue(name)
    return views
