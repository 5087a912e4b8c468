"""What every store promises about the generations of the view."""

from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chassis.problems import Unavailable
from chassis.stores.redis import AnyRedis
from projections.generations import Directives, Generations, OperationRefused, State
from projections.redis.change import RedisChange
from projections.redis.generations import RedisGenerations
from projections.redis.views import scanned
from user_contracts import redis_users

ON_REDIS = pytest.mark.parametrize(
    "store",
    [pytest.param(one, marks=pytest.mark.integration) for one in ("redis", "redis cluster")],
    indirect=True,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOG = "a log"
ANN = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"
AnyGenerations = Generations[RedisChange]


def put(key: str, version: int) -> RedisChange:
    return RedisChange(key, version, NOW, b"{}", b"\x28\x01")


def gone(key: str, version: int) -> RedisChange:
    return RedisChange(key, version, NOW, None, None)


async def keys(redis: AnyRedis, generation: str) -> set[bytes]:
    pattern = redis_users.pattern(generation)
    return {key async for page in scanned(redis, pattern) for key in page}


async def hashes(redis: AnyRedis, key: str) -> dict[str, Any]:
    """What each generation holds of a user."""
    found: dict[str, Any] = {g: await redis.hgetall(redis_users.hash_key(g, key)) for g in "123"}
    return {generation: fields for generation, fields in found.items() if fields}


async def test_at_first_generation_1_serves_and_nothing_is_decided(
    generations: AnyGenerations,
) -> None:
    assert await generations.state() == State(kept=frozenset({"1"}))


async def test_a_note_is_kept_until_it_is_taken_back(generations: AnyGenerations) -> None:
    await generations.note({"paused_at": "2026-01-01T00:00:00Z", "done": 3})
    await generations.note({"total": 7})
    state = await generations.state()
    assert (state.paused_at, state.done, state.total) == ("2026-01-01T00:00:00Z", 3, 7)
    assert state.directives == Directives("1", None, is_paused=True)
    await generations.note({"paused_at": None, "done": None})
    assert await generations.state() == State(kept=frozenset({"1"}), total=7)


async def test_one_generation_at_a_time_is_built(generations: AnyGenerations) -> None:
    await generations.add("2")
    await generations.add("2")
    state = await generations.state()
    assert state == State(kept=frozenset({"1", "2"}), building="2")
    with pytest.raises(OperationRefused, match="2"):
        await generations.add("3")


async def test_each_generation_has_its_own_offsets(generations: AnyGenerations) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.views("1").advance(LOG, {0: (None, 5)})
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}
    await generations.views("2").advance(LOG, {0: (None, 3)})
    assert await generations.views("1").offsets(LOG, [0]) == {0: 5}


async def test_a_switch_ends_the_building_and_can_be_taken_back(
    generations: AnyGenerations,
) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.note({"done": 5, "total": 5, "dead_letters": 1, "leading": "2"})
    assert (await generations.state()).directives == Directives("1", "2")
    await generations.switch("1", "2")
    assert await generations.state() == State("2", "1", frozenset({"1", "2"}))
    await generations.switch("2", "1")
    assert await generations.state() == State("1", "2", frozenset({"1", "2"}))


async def test_who_switches_late_is_told(generations: AnyGenerations) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.switch("1", "2")
    await generations.switch("1", "2")  # a repeat is not late
    await generations.add("3")
    with pytest.raises(OperationRefused, match="generation 2 serves, not 1"):
        await generations.switch("1", "3")
    assert (await generations.state()).serving == "2"


async def test_a_pause_outlives_a_switch(generations: AnyGenerations) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.note({"paused_at": "2026-01-01T00:00:00Z"})
    await generations.add("2")
    await generations.switch("1", "2")
    assert (await generations.state()).directives == Directives("2", is_paused=True)


async def test_a_dropped_generation_leaves_nothing(generations: AnyGenerations) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.views("2").apply([put(ANN, 1)])
    await generations.views("2").advance(LOG, {0: (None, 5)})
    await generations.drop("2")
    await generations.drop("2")
    assert (await generations.state()).kept == {"1"}
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}


@ON_REDIS
async def test_a_deletion_reaches_every_generation_that_is_kept(
    redis_generations: RedisGenerations, redis: AnyRedis
) -> None:
    await redis_generations.views("1").apply([put(ANN, 1)])
    await redis_generations.add("2")
    await redis_generations.views("2").apply([put(ANN, 1)])
    await redis_generations.switch("1", "2")
    await redis_generations.add("3")
    await redis_generations.views("3").apply([put(ANN, 1)])
    await redis_generations.views("2").apply([gone(ANN, 2)])
    assert await hashes(redis, ANN) == {g: {b"version": b"2"} for g in "123"}
    for generation in "123":
        assert await redis.zrange(redis_users.bucket_key(generation, ANN[:6]), 0, -1) == []


@ON_REDIS
async def test_the_leading_generation_gets_each_change_and_its_offsets_stay(
    redis_generations: RedisGenerations, redis: AnyRedis
) -> None:
    await redis_generations.add("2")
    both = redis_generations.views("1", leading="2")
    await both.apply([put(ANN, 1)])
    await both.advance(LOG, {0: (None, 5)})
    assert (await hashes(redis, ANN)).keys() == {"1", "2"}
    assert await redis_generations.views("2").offsets(LOG, [0]) == {0: None}


@ON_REDIS
async def test_no_key_of_a_dropped_generation_is_left_and_all_others_are(
    redis_generations: RedisGenerations, redis: AnyRedis
) -> None:
    for generation in ("1", "2", "21"):
        await redis_generations.views(generation).apply([put(ANN, 1)])
    await redis_generations.add("2")
    await redis_generations.drop("2")
    assert not await keys(redis, "2")
    for generation in ("1", "21"):  # user, order, buckets
        assert len(await keys(redis, generation)) == 3


async def test_a_redis_that_is_away_is_told(unused_ports: list[int]) -> None:
    async with Redis(port=unused_ports[0], retry=Retry(NoBackoff(), retries=1)) as redis:
        away = RedisGenerations(redis, redis_users)
        for call in (
            away.state(),
            away.note({"done": 1}),
            away.add("2"),
            away.switch("1", "2"),
            away.drop("1"),
            away.ping(),
        ):
            with pytest.raises(Unavailable):
                await call
