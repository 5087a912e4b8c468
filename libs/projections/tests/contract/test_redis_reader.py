"""The reader of Redis and its double: the suite, and how Redis is read."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chassis.problems import Unavailable
from chassis.stores.redis import AnyRedis
from chassis.testing import eventually
from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.reader import *
from projections.redis.layout import RedisLayout
from projections.redis.reader import RedisReader

ON_REDIS = pytest.mark.parametrize(
    "store",
    [pytest.param(one, marks=pytest.mark.integration) for one in ("redis", "redis cluster")],
    indirect=True,
)


@pytest.fixture
def subject(request: pytest.FixtureRequest, store: str, layout: RedisLayout) -> ReaderUnderTest:
    if store == "memory":
        return memory.reader()
    return on_redis.reader(request.getfixturevalue("redis"), layout)


@ON_REDIS
async def test_reads_wait_for_a_slot(
    subject: ReaderUnderTest, redis: AnyRedis, layout: RedisLayout
) -> None:
    await subject.put(a_key(1), a_hash(a_key(1)))
    # As many at once as there are connections.
    views = RedisReader(redis, layout, timeout=10, at_once=8)
    found = await asyncio.gather(*(views.get(a_key(1)) for _ in range(200)))
    assert all(found)


@pytest.mark.integration
@pytest.mark.parametrize("store", ["redis cluster"], indirect=True)
async def test_page_needs_no_key_query_to_the_cluster(
    subject: ReaderUnderTest, redis: RedisCluster
) -> None:
    await subject.put(a_key(1), a_hash(a_key(1)))
    assert await keys(subject, None, 5) == [a_key(1)]
    statistics = await redis.info("commandstats", target_nodes=RedisCluster.ALL_NODES)
    commands = {name for node in statistics.values() for name in node}
    assert "cmdstat_eval_ro" in commands
    assert "cmdstat_command|getkeys" not in commands


@ON_REDIS
async def test_missing_hash_of_a_listed_key_is_skipped(
    subject: ReaderUnderTest, redis: AnyRedis, layout: RedisLayout
) -> None:
    for number in range(5):
        await subject.put(a_key(number), a_hash(a_key(number)))
    await redis.delete(layout.hash_key("1", a_key(3)))
    assert await keys(subject, None, 4) == [a_key(4), a_key(2), a_key(1), a_key(0)]


@ON_REDIS
async def test_readers_follow_the_pointer_to_another_generation(
    subject: ReaderUnderTest, redis: AnyRedis, layout: RedisLayout
) -> None:
    await subject.put(a_key(1), a_hash(a_key(1)))
    assert await keys(subject, None, 5) == [a_key(1)]
    await redis.set(layout.pointer, "2")

    async def followed() -> None:
        assert await keys(subject, None, 5) == []

    await eventually(followed)


async def test_unavailable_redis_is_reported(unused_ports: list[int], layout: RedisLayout) -> None:
    async with Redis(port=unused_ports[0], retry=Retry(NoBackoff(), retries=1)) as redis:
        away = RedisReader(redis, layout, timeout=2, at_once=8)
        for call in (away.get(a_key(1)), away.newest(None, 1), away.ping()):
            with pytest.raises(Unavailable):
                await call
