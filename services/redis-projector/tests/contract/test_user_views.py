"""What every store of the view promises."""

from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chassis.problems import Unavailable
from chassis.stores.redis import AnyRedis
from projections.memory.views import MemoryViews
from projections.projector import OffsetMoved, Views
from projections.redis.change import RedisChange
from projections.redis.views import AT_ONCE, RedisViews
from user_contracts import redis_users

ON_REDIS = pytest.mark.parametrize(
    "store",
    [pytest.param(one, marks=pytest.mark.integration) for one in ("redis", "redis cluster")],
    indirect=True,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANN = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"
BOB = "0192f5a9-0000-7a10-8b2e-2f6d1c9e0a11"
LOG = "a log"
AnyViews = Views[RedisChange]


def put(key: str, version: int) -> RedisChange:
    return RedisChange(key, version, NOW, f'{{"v":{version}}}'.encode(), b"\x28" + bytes([version]))


def gone(key: str, version: int) -> RedisChange:
    return RedisChange(key, version, NOW, None, None)


async def held(views: AnyViews, key: str) -> dict[str, bytes]:
    """What the store holds of a user, as the contract page lays it out."""
    if isinstance(views, MemoryViews):
        in_memory: dict[str, bytes] = views.held.get(key, {})
        return in_memory
    assert isinstance(views, RedisViews)
    found: Any = await views._redis.hgetall(redis_users.hash_key("1", key))
    return {name.decode(): value for name, value in found.items()}


async def test_a_change_is_held(views: AnyViews) -> None:
    assert await views.apply([put(ANN, 1), put(BOB, 3)]) == []
    assert await held(views, ANN) == {"version": b"1", "json": b'{"v":1}', "proto": b"\x28\x01"}
    assert await held(views, BOB) == {"version": b"3", "json": b'{"v":3}', "proto": b"\x28\x03"}


@pytest.mark.parametrize("late", [1, 2])
async def test_an_older_or_equal_version_changes_nothing(views: AnyViews, late: int) -> None:
    await views.apply([put(ANN, 2)])
    await views.apply([RedisChange(ANN, late, NOW, b"late", b"late")])
    assert (await held(views, ANN))["json"] == b'{"v":2}'


async def test_a_newer_version_wins(views: AnyViews) -> None:
    await views.apply([put(ANN, 2)])
    await views.apply([put(ANN, 10)])
    assert (await held(views, ANN))["version"] == b"10"


async def test_a_deleted_user_leaves_a_marker_that_no_late_repeat_gets_past(
    views: AnyViews,
) -> None:
    await views.apply([put(ANN, 1)])
    await views.apply([gone(ANN, 3)])
    await views.apply([put(ANN, 1), put(BOB, 1)])
    await views.apply([put(ANN, 2)])
    assert await held(views, ANN) == {"version": b"3"}


async def test_a_user_deleted_before_being_seen_stays_unseen(views: AnyViews) -> None:
    await views.apply([gone(ANN, 2)])
    await views.apply([put(ANN, 1)])
    assert await held(views, ANN) == {"version": b"2"}


async def test_nothing_to_apply_is_nothing_to_do(views: AnyViews) -> None:
    assert await views.apply([]) == []


async def test_offsets_are_kept_by_partition(views: AnyViews) -> None:
    assert await views.offsets(LOG, [0, 1]) == {0: None, 1: None}
    await views.advance(LOG, {0: (None, 5)})
    await views.advance(LOG, {0: (5, 7), 1: (None, 1)})
    assert await views.offsets(LOG, [0, 1, 2]) == {0: 7, 1: 1, 2: None}


async def test_offsets_of_another_log_are_not_those_of_this_one(views: AnyViews) -> None:
    await views.advance(LOG, {0: (None, 5)})
    assert await views.offsets("made anew", [0]) == {0: None}
    await views.advance("made anew", {0: (None, 3)})
    assert await views.offsets(LOG, [0]) == {0: 5}


async def test_advancing_twice_the_same_way_is_harmless(views: AnyViews) -> None:
    await views.advance(LOG, {0: (None, 5)})
    await views.advance(LOG, {0: (None, 5)})
    assert await views.offsets(LOG, [0]) == {0: 5}


@pytest.mark.parametrize("expected", [None, 4, 6])
async def test_an_offset_that_somebody_else_moved_is_told(
    views: AnyViews, expected: int | None
) -> None:
    await views.advance(LOG, {0: (None, 5)})
    with pytest.raises(OffsetMoved):
        await views.advance(LOG, {0: (expected, 9)})
    assert await views.offsets(LOG, [0]) == {0: 5}


async def test_a_store_that_lost_everything_is_told_by_its_offset(views: AnyViews) -> None:
    await views.advance(LOG, {0: (None, 5)})
    if isinstance(views, MemoryViews):
        views.lose_everything()
    else:
        assert isinstance(views, RedisViews)
        await views._redis.flushdb()
    with pytest.raises(OffsetMoved):
        await views.advance(LOG, {0: (5, 9)})
    assert await views.offsets(LOG, [0]) == {0: None}


async def test_a_first_batch_that_is_lost_before_its_offset_is_told(views: AnyViews) -> None:
    assert await views.claim(LOG, [0]) == {0: 0}
    await views.apply([put(ANN, 1)])
    if isinstance(views, MemoryViews):
        views.lose_everything()
    else:
        assert isinstance(views, RedisViews)
        await views._redis.flushdb()
    with pytest.raises(OffsetMoved):
        await views.advance(LOG, {0: (0, 1)})


@ON_REDIS
@pytest.mark.parametrize("left", [3, None])
async def test_what_one_shard_has_lost_is_read_again_from_there(
    redis_views: RedisViews, redis: AnyRedis, left: int | None
) -> None:
    assert await redis_views.claim(LOG, [0, 1]) == {0: 0, 1: 0}
    await redis_views.advance(LOG, {0: (0, 5), 1: (0, 7)})
    fallen = redis_users.offsets_key("1", redis_users.SHARDS[9])
    if left is None:
        await redis.delete(fallen)
    else:
        await redis.hset(fallen, f"{LOG}:0", str(left))

    with pytest.raises(OffsetMoved):
        await redis_views.advance(LOG, {0: (5, 9)})
    begin = await redis_views.claim(LOG, [0, 1])
    assert begin == {0: left or 0, 1: 7 if left else 0}
    await redis_views.advance(LOG, {0: (begin[0], 4), 1: (begin[1], 8)})
    assert await redis_views.offsets(LOG, [0, 1]) == {0: 4, 1: 8}
    with pytest.raises(OffsetMoved):  # who read on as if nothing had been lost
        await redis_views.advance(LOG, {0: (9, 10)})


@ON_REDIS
async def test_more_users_of_a_bucket_than_one_script_takes_are_all_held(
    redis_views: RedisViews, redis: AnyRedis
) -> None:
    users = [f"{ANN[:24]}{number:012x}" for number in range(2 * AT_ONCE + 1)]
    await redis_views.apply([put(user, 1) for user in users])
    listed: Any = await redis.zrange(redis_users.bucket_key("1", ANN[:6]), 0, -1)
    assert [user.decode() for user in listed] == users
    assert (await held(redis_views, users[-1]))["version"] == b"1"


@ON_REDIS
async def test_living_users_and_no_others_are_in_the_order_of_their_bucket(
    redis_views: RedisViews, redis: AnyRedis
) -> None:
    await redis_views.apply([put(ANN, 1), put(BOB, 1)])
    await redis_views.apply([gone(ANN, 2)])
    assert await redis.zrange("users:1:{uv}:0192f5", 0, -1) == [BOB.encode()]
    assert await redis.zrange("users:1:{ma}:buckets", 0, -1) == [b"0192f5"]


async def test_a_redis_that_is_away_is_told(unused_ports: list[int]) -> None:
    async with Redis(port=unused_ports[0], retry=Retry(NoBackoff(), retries=1)) as redis:
        away = RedisViews(redis, redis_users, "1")
        for call in (
            away.apply([put(ANN, 1)]),
            away.offsets(LOG, [0]),
            away.advance(LOG, {0: (None, 1)}),
            away.apply([gone(ANN, 1)]),
        ):
            with pytest.raises(Unavailable):
                await call
