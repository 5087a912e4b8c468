"""Views in Redis and their double: the suite, and tests of Redis alone."""

from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chassis.problems import Unavailable
from chassis.stores.redis import AnyRedis
from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.changes import ANN, BOB, LOG, RedisChanges
from projections.conformance.redis import ON_REDIS
from projections.conformance.views import *
from projections.ports import OffsetMoved
from projections.redis.change import RedisChange
from projections.redis.layout import RedisLayout
from projections.redis.views import AT_ONCE, RedisViews

CHANGES = RedisChanges()


@pytest.fixture
def subject(
    request: pytest.FixtureRequest, store: str, layout: RedisLayout
) -> ViewsUnderTest[RedisChange]:
    if store == "memory":
        return memory.hashes()
    return on_redis.views(request.getfixturevalue("redis"), layout)


@pytest.fixture
def views(redis: AnyRedis, layout: RedisLayout) -> RedisViews:
    return RedisViews(redis, layout, "1")


@ON_REDIS
@pytest.mark.parametrize("left", [3, None])
async def test_data_lost_by_one_shard_is_read_again(
    views: RedisViews, redis: AnyRedis, layout: RedisLayout, left: int | None
) -> None:
    assert await views.claim(LOG, [0, 1]) == {0: 0, 1: 0}
    await views.advance(LOG, {0: (0, 5), 1: (0, 7)})
    fallen = layout.offsets_key("1", layout.SHARDS[1])
    if left is None:
        await redis.delete(fallen)
    else:
        await redis.hset(fallen, f"{LOG}:0", str(left))

    with pytest.raises(OffsetMoved):
        await views.advance(LOG, {0: (5, 9)})
    begin = await views.claim(LOG, [0, 1])
    assert begin == {0: left or 0, 1: 7 if left else 0}
    await views.advance(LOG, {0: (begin[0], 4), 1: (begin[1], 8)})
    assert await views.offsets(LOG, [0, 1]) == {0: 4, 1: 8}
    with pytest.raises(OffsetMoved):  # a writer that read on as if nothing had been lost
        await views.advance(LOG, {0: (9, 10)})


@ON_REDIS
async def test_bucket_larger_than_one_script_is_written_whole(
    views: RedisViews, redis: AnyRedis, layout: RedisLayout
) -> None:
    keys = [f"{ANN[:24]}{number:012x}" for number in range(2 * AT_ONCE + 1)]
    await views.apply([CHANGES.put(key, 1) for key in keys])
    listed: Any = await redis.zrange(layout.bucket_key("1", ANN[:6]), 0, -1)
    assert [key.decode() for key in listed] == keys
    assert await redis.hget(layout.hash_key("1", keys[-1]), "version") == b"1"


@ON_REDIS
async def test_bucket_order_lists_exactly_the_existing_aggregates(
    views: RedisViews, redis: AnyRedis, layout: RedisLayout
) -> None:
    await views.apply([CHANGES.put(ANN, 1), CHANGES.put(BOB, 1)])
    await views.apply([CHANGES.erase(ANN, 2)])
    assert await redis.zrange(layout.bucket_key("1", BOB[:6]), 0, -1) == [BOB.encode()]
    assert await redis.zrange(layout.directory_key("1"), 0, -1) == [BOB[:6].encode()]


async def test_unavailable_redis_is_reported(unused_ports: list[int], layout: RedisLayout) -> None:
    async with Redis(port=unused_ports[0], retry=Retry(NoBackoff(), retries=1)) as redis:
        away = RedisViews(redis, layout, "1")
        for call in (
            away.apply([CHANGES.put(ANN, 1)]),
            away.offsets(LOG, [0]),
            away.advance(LOG, {0: (None, 1)}),
            away.apply([CHANGES.erase(ANN, 1)]),
        ):
            with pytest.raises(Unavailable):
                await call


@ON_REDIS
async def test_keys_are_those_of_the_contract_page(views: RedisViews, redis: AnyRedis) -> None:
    await views.apply([CHANGES.put(ANN, 1), CHANGES.put(BOB, 1)])
    await views.apply([CHANGES.erase(ANN, 2)])
    assert await redis.zrange("things:1:{uv}:0192f5", 0, -1) == [BOB.encode()]
    assert await redis.zrange("things:1:{ma}:buckets", 0, -1) == [b"0192f5"]
    marker: Any = await redis.hgetall(f"things:1:{{uv}}:0192f5:{ANN}")
    assert marker == {b"version": b"2"}


@ON_REDIS
async def test_all_shards_of_the_view_hold_each_offset(
    views: RedisViews, redis: AnyRedis, layout: RedisLayout
) -> None:
    await views.advance("a log", {0: (None, 5)})
    keys: list[Any] = [key async for key in redis.scan_iter("things:1:*:offsets")]
    assert len(set(keys)) == len(layout.SHARDS) == 16
