"""Conformance of the view of users, with the keys of its contract."""

from typing import Any

import pytest

from chassis.stores.redis import AnyRedis
from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.changes import ANN, BOB, RedisChanges
from projections.conformance.views import *
from projections.redis.change import RedisChange
from projections.redis.views import RedisViews
from user_contracts import redis_users

ON_REDIS = pytest.mark.parametrize(
    "store",
    [pytest.param(one, marks=pytest.mark.integration) for one in ("redis", "redis cluster")],
    indirect=True,
)


@pytest.fixture
def subject(request: pytest.FixtureRequest, store: str) -> ViewsUnderTest[RedisChange]:
    if store == "memory":
        return memory.hashes()
    return on_redis.views(request.getfixturevalue("redis"), redis_users)


@ON_REDIS
async def test_bucket_order_lists_exactly_the_existing_users(
    redis: AnyRedis,
) -> None:
    views, changes = RedisViews(redis, redis_users, "1"), RedisChanges()
    await views.apply([changes.put(ANN, 1), changes.put(BOB, 1)])
    await views.apply([changes.erase(ANN, 2)])
    assert await redis.zrange("users:1:{uv}:0192f5", 0, -1) == [BOB.encode()]
    assert await redis.zrange("users:1:{ma}:buckets", 0, -1) == [b"0192f5"]
    marker: Any = await redis.hgetall(f"users:1:{{uv}}:0192f5:{ANN}")
    assert marker == {b"version": b"2"}


@ON_REDIS
async def test_all_shards_of_the_view_hold_each_offset(redis: AnyRedis) -> None:
    views = RedisViews(redis, redis_users, "1")
    await views.advance("a log", {0: (None, 5)})
    keys: list[Any] = [key async for key in redis.scan_iter("users:1:*:offsets")]
    assert len(set(keys)) == len(redis_users.SHARDS) == 16
