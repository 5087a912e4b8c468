"""Generations in Redis and their double: the suite, and tests of Redis alone."""

from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chassis.problems import Unavailable
from chassis.stores.redis import AnyRedis
from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.changes import ANN, LOG, RedisChanges
from projections.conformance.generations import *
from projections.conformance.redis import ON_REDIS
from projections.redis.change import RedisChange
from projections.redis.generations import RedisGenerations
from projections.redis.layout import RedisLayout
from projections.redis.views import scanned

CHANGES = RedisChanges()


@pytest.fixture
def subject(
    request: pytest.FixtureRequest, store: str, layout: RedisLayout
) -> GenerationsUnderTest[RedisChange]:
    if store == "memory":
        return memory.generations_of_hashes()
    return on_redis.generations(request.getfixturevalue("redis"), layout)


@pytest.fixture
def generations(redis: AnyRedis, layout: RedisLayout) -> RedisGenerations:
    return RedisGenerations(redis, layout)


async def hashes(redis: AnyRedis, layout: RedisLayout, key: str) -> dict[str, Any]:
    """Return the content of an aggregate in each generation."""
    found: dict[str, Any] = {g: await redis.hgetall(layout.hash_key(g, key)) for g in "123"}
    return {generation: fields for generation, fields in found.items() if fields}


@ON_REDIS
async def test_a_deletion_reaches_every_generation_that_is_kept(
    generations: RedisGenerations, redis: AnyRedis, layout: RedisLayout
) -> None:
    await generations.views("1").apply([CHANGES.put(ANN, 1)])
    await generations.add("2")
    await generations.views("2").apply([CHANGES.put(ANN, 1)])
    await generations.switch("1", "2")
    await generations.add("3")
    await generations.views("3").apply([CHANGES.put(ANN, 1)])
    await generations.views("2").apply([CHANGES.erase(ANN, 2)])
    assert await hashes(redis, layout, ANN) == {g: {b"version": b"2"} for g in "123"}
    for generation in "123":
        assert await redis.zrange(layout.bucket_key(generation, ANN[:6]), 0, -1) == []


@ON_REDIS
async def test_the_leading_generation_gets_each_change_and_its_offsets_stay(
    generations: RedisGenerations, redis: AnyRedis, layout: RedisLayout
) -> None:
    await generations.add("2")
    both = generations.views("1", leading="2")
    await both.apply([CHANGES.put(ANN, 1)])
    await both.advance(LOG, {0: (None, 5)})
    assert (await hashes(redis, layout, ANN)).keys() == {"1", "2"}
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}


@ON_REDIS
async def test_drop_removes_exactly_the_keys_of_the_generation(
    generations: RedisGenerations, redis: AnyRedis, layout: RedisLayout
) -> None:
    async def keys(generation: str) -> set[bytes]:
        pattern = layout.pattern(generation)
        return {key async for page in scanned(redis, pattern) for key in page}

    for generation in ("1", "2", "21"):
        await generations.views(generation).apply([CHANGES.put(ANN, 1)])
    await generations.add("2")
    await generations.drop("2")
    assert not await keys("2")
    for generation in ("1", "21"):  # hash, order, buckets
        assert len(await keys(generation)) == 3


async def test_unavailable_redis_is_reported(unused_ports: list[int], layout: RedisLayout) -> None:
    async with Redis(port=unused_ports[0], retry=Retry(NoBackoff(), retries=1)) as redis:
        away = RedisGenerations(redis, layout)
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
