"""The adapters for Redis as subjects of the suites; each needs an empty Redis."""

from collections.abc import Mapping
from typing import Any

import pytest

from chassis.stores.redis import AnyRedis
from projections.conformance.changes import RedisChanges
from projections.conformance.generations import GenerationsUnderTest
from projections.conformance.reader import ReaderUnderTest
from projections.conformance.views import ViewsUnderTest
from projections.generations import FIRST
from projections.reader import BatchingReader
from projections.redis.change import RedisChange
from projections.redis.generations import RedisGenerations
from projections.redis.layout import RedisLayout
from projections.redis.reader import RedisReader
from projections.redis.views import RedisViews

# For tests that need a real Redis; the test module has a fixture `store`.
ON_REDIS = pytest.mark.parametrize(
    "store",
    [pytest.param(one, marks=pytest.mark.integration) for one in ("redis", "redis cluster")],
    indirect=True,
)


def views(redis: AnyRedis, layout: RedisLayout) -> ViewsUnderTest[RedisChange]:
    """Return the first generation, for writing."""

    async def held(key: str) -> dict[str, bytes]:
        found: Any = await redis.hgetall(layout.hash_key(FIRST, key))
        return {name.decode(): value for name, value in found.items()}

    return ViewsUnderTest(RedisViews(redis, layout, FIRST), RedisChanges(), held, redis.flushdb)


def generations(redis: AnyRedis, layout: RedisLayout) -> GenerationsUnderTest[RedisChange]:
    """Return the generations of one view."""
    return GenerationsUnderTest(RedisGenerations(redis, layout), RedisChanges())


def reader(redis: AnyRedis, layout: RedisLayout) -> ReaderUnderTest:
    """Return the reader of a first generation that is filled key by key."""

    async def put(key: str, fields: Mapping[str, bytes] | None) -> None:
        bucket = layout.bucket_of(key)
        listing, stored = layout.bucket_key(FIRST, bucket), layout.hash_key(FIRST, key)
        await redis.zadd(layout.directory_key(FIRST), {bucket: 0})
        await redis.delete(stored)
        if fields is not None:
            await redis.hset(stored, mapping=dict(fields))  # type: ignore[arg-type] # bytes are fine
        if fields is not None and "json" in fields:
            await redis.zadd(listing, {key: 0})
        else:
            await redis.zrem(listing, key)

    return ReaderUnderTest(BatchingReader(RedisReader(redis, layout, timeout=2, at_once=8)), put)
