"""What every view that can be read promises."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chassis.problems import Unavailable
from chassis.stores.redis import AnyRedis
from chassis.testing import eventually
from projections.reader import StoredView
from projections.redis.reader import RedisReader
from user_contracts import redis_users

ON_REDIS = pytest.mark.parametrize(
    "store",
    [pytest.param(one, marks=pytest.mark.integration) for one in ("redis", "redis cluster")],
    indirect=True,
)

MARKER = {"version": b"7"}


def an_id(number: int, bucket: int = 0x0192F5) -> str:
    return f"{bucket:06x}a8-4d3c-7a10-8b2e-{number:012x}"


def a_hash(user_id: str) -> dict[str, bytes]:
    return {"version": b"1", "json": f'"{user_id}"'.encode(), "proto": user_id.encode()}


async def ids(shelf: Any, before: str | None, limit: int) -> list[str]:
    return [user_id for user_id, _ in await shelf.views.newest(before, limit)]


async def test_a_user_is_read_as_it_was_written(shelf: Any) -> None:
    await shelf.put(an_id(1), a_hash(an_id(1)))
    written = StoredView(1, f'"{an_id(1)}"'.encode(), an_id(1).encode())
    assert await shelf.views.get(an_id(1)) == written
    assert await shelf.views.newest(None, 5) == [(an_id(1), written)]


async def test_an_unknown_user_is_none_and_a_deleted_one_a_version(shelf: Any) -> None:
    await shelf.put(an_id(1), MARKER)
    assert await shelf.views.get(an_id(1)) == StoredView(7, None, None)
    assert await shelf.views.get(an_id(2)) is None
    assert await shelf.views.newest(None, 5) == []


async def test_the_newest_come_first_over_many_buckets(shelf: Any) -> None:
    created = [an_id(number, 0x0192F5 + number // 2) for number in range(60)]
    for user_id in created:
        await shelf.put(user_id, a_hash(user_id))
    newest_first = created[::-1]
    assert await ids(shelf, None, 100) == newest_first
    assert await ids(shelf, None, 7) == newest_first[:7]
    assert await ids(shelf, newest_first[6], 7) == newest_first[7:14]
    assert await ids(shelf, newest_first[-1], 7) == []


async def test_a_cursor_need_not_be_a_user_that_lives(shelf: Any) -> None:
    for number in range(4):
        await shelf.put(an_id(number), a_hash(an_id(number)))
    await shelf.put(an_id(2), MARKER)
    assert await ids(shelf, an_id(2), 5) == [an_id(1), an_id(0)]
    assert await ids(shelf, an_id(9, 0x0192F6), 5) == [an_id(3), an_id(1), an_id(0)]


async def test_an_empty_view_has_nobody(shelf: Any) -> None:
    assert await ids(shelf, None, 5) == []


@ON_REDIS
async def test_reads_wait_for_their_turn(redis_shelf: Any, redis: Any) -> None:
    await redis_shelf.put(an_id(1), a_hash(an_id(1)))
    # As many at once as there are connections.
    views = RedisReader(redis, redis_users, timeout=10, at_once=8)
    found = await asyncio.gather(*(views.get(an_id(1)) for _ in range(200)))
    assert all(found)


@pytest.mark.integration
@pytest.mark.parametrize("store", ["redis cluster"], indirect=True)
async def test_a_page_is_read_without_asking_the_cluster_for_its_keys(
    redis_shelf: Any, redis: Any
) -> None:
    await redis_shelf.put(an_id(1), a_hash(an_id(1)))
    assert await ids(redis_shelf, None, 5) == [an_id(1)]
    told = await redis.info("commandstats", target_nodes=RedisCluster.ALL_NODES)
    asked = {name for node in told.values() for name in node}
    assert "cmdstat_eval_ro" in asked
    assert "cmdstat_command|getkeys" not in asked


@ON_REDIS
async def test_a_user_who_vanished_from_under_the_order_is_skipped(
    redis_shelf: Any, redis: AnyRedis
) -> None:
    for number in range(5):
        await redis_shelf.put(an_id(number), a_hash(an_id(number)))
    await redis.delete(redis_users.hash_key("1", an_id(3)))
    assert await ids(redis_shelf, None, 4) == [an_id(4), an_id(2), an_id(1), an_id(0)]


@ON_REDIS
async def test_readers_follow_the_pointer_to_another_generation(
    redis_shelf: Any, redis: AnyRedis
) -> None:
    await redis_shelf.put(an_id(1), a_hash(an_id(1)))
    assert await ids(redis_shelf, None, 5) == [an_id(1)]
    await redis.set("users:generation", "2")

    async def followed() -> None:
        assert await ids(redis_shelf, None, 5) == []

    await eventually(followed)


async def test_a_redis_that_is_away_is_told(unused_ports: list[int]) -> None:
    async with Redis(port=unused_ports[0], retry=Retry(NoBackoff(), retries=1)) as redis:
        away = RedisReader(redis, redis_users, timeout=2, at_once=8)
        for call in (away.get(an_id(1)), away.newest(None, 1), away.ping()):
            with pytest.raises(Unavailable):
                await call
