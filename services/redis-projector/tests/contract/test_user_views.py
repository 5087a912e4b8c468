"""The view of users keeps what every view promises, under the keys of its contract page."""

from typing import Any

import pytest

from chassis.stores.redis import AnyRedis
from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.changes import ANN, BOB, RedisChanges
from projections.conformance.views import *
from projections.redis.change import RedisChange
from projections.redis.layout import RedisLayout
from projections.redis.views import RedisViews

LAYOUT = RedisLayout("users")

ON_REDIS = pytest.mark.parametrize(
    "store",
    [pytest.param(one, marks=pytest.mark.integration) for one in ("redis", "redis cluster")],
    indirect=True,
)


@pytest.fixture
def subject(request: pytest.FixtureRequest, store: str) -> ViewsUnderTest[RedisChange]:
    if store == "memory":
        return memory.hashes()
    return on_redis.views(request.getfixturevalue("redis"), LAYOUT)


@ON_REDIS
async def test_living_users_and_no_others_are_in_the_order_of_their_bucket(
    redis: AnyRedis,
) -> None:
    views, changes = RedisViews(redis, LAYOUT, "1"), RedisChanges()
    await views.apply([changes.put(ANN, 1), changes.put(BOB, 1)])
    await views.apply([changes.erase(ANN, 2)])
    assert await redis.zrange("users:1:{uv}:0192f5", 0, -1) == [BOB.encode()]
    assert await redis.zrange("users:1:{ma}:buckets", 0, -1) == [b"0192f5"]
    marker: Any = await redis.hgetall(f"users:1:{{uv}}:0192f5:{ANN}")
    assert marker == {b"version": b"2"}


@ON_REDIS
async def test_all_shards_of_the_view_hold_each_offset(redis: AnyRedis) -> None:
    views = RedisViews(redis, LAYOUT, "1")
    await views.advance("a log", {0: (None, 5)})
    keys: list[Any] = [key async for key in redis.scan_iter("users:1:*:offsets")]
    assert len(set(keys)) == len(LAYOUT.SHARDS) == 16
