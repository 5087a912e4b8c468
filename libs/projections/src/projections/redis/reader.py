"""Reader of the view in Redis; layout: schemas/views/redis-users.md."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from chassis.limits.concurrency import ConcurrencyLimit
from chassis.stores.errors import redis as redis_errors
from chassis.stores.errors.calls import store_call
from chassis.stores.redis import AnyRedis, node_of
from projections.reader import StoredView
from projections.redis.layout import RedisLayout

MOST_WAITING = 1000  # reads; a port has as many connections
POINTER_TTL = 1.0  # seconds; after a switch both generations exist for longer
LEAST = "00000000-0000-0000-0000-000000000000"
FIELDS = ["version", "json", "proto"]
# The order of a bucket and its hashes are in one slot; parsing one reply takes 60 µs, twelve 240.
PAGE = """
local page = redis.call('ZRANGE', KEYS[1], ARGV[1], '-', 'BYLEX', 'REV', 'LIMIT', 0, ARGV[2])
for i, id in ipairs(page) do
  page[i] = {id, unpack(redis.call('HMGET', KEYS[1] .. ':' .. id, 'version', 'json', 'proto'))}
end
return page
"""
Listed = tuple[str, StoredView | None]


class RedisReader:
    """Implements projections.reader.BatchViewReader on the serving generation."""

    def __init__(self, redis: AnyRedis, layout: RedisLayout, timeout: float, at_once: int) -> None:
        """timeout: seconds for a read with all its round trips; half of them to wait for a slot.

        at_once: concurrent reads; redis-py's pools for a cluster reject a connection too many.
        """
        self._redis = redis
        self._keys = layout
        self._timeout = timeout
        self._turns = ConcurrencyLimit("redis reads", at_once, MOST_WAITING, timeout / 2)
        self._generation = layout.FIRST_GENERATION
        self._read_at = float("-inf")
        self._newest = layout.bucket_of(LEAST)  # the last known bucket; most lists start there

    async def get(self, key: str) -> StoredView | None:
        (view,) = await self.get_many([key])
        return view

    async def get_many(self, keys: Sequence[str]) -> list[StoredView | None]:
        async with self._call("get"):
            return await self._views(await self._serving(), keys)

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, StoredView]]:
        found: list[tuple[str, StoredView]] = []
        async with self._call("list"):
            generation = await self._serving()
            while len(found) < limit:
                listed = await self._listed(generation, before, limit - len(found))
                if not listed:
                    break
                found += [(key, view) for key, view in listed if view and view.json]
                before = listed[-1][0]
        return found

    async def ping(self) -> None:
        """Return if Redis responds, for a cluster the pointer's slot; raises Unavailable."""
        async with self._call("ping"):
            await self._redis.get(self._keys.pointer)

    async def _listed(self, generation: str, before: str | None, limit: int) -> list[Listed]:
        """Return at most limit keys below `before`, newest first; one round trip per bucket."""
        below, top, bucket = "+", "+", self._newest
        if before is not None:
            bucket = self._keys.bucket_of(before)
            below, top = f"({before}", f"[{bucket}"
        listed: list[Listed] = []
        while len(listed) < limit:
            there, rows = await self._bucket(generation, bucket, top, below, limit - len(listed))
            if top == "+":
                self._newest = there[0] if there else self._newest
            if there[:1] == [bucket]:
                listed += rows
                del there[0]
                top = f"({bucket}"
            if not there:
                break
            bucket = there[0]
        return listed

    async def _bucket(
        self, generation: str, bucket: str, top: str, below: str, limit: int
    ) -> tuple[list[str], list[Listed]]:
        """Return two buckets from top downwards, and keys of the expected first one."""
        pipeline = self._redis.pipeline(transaction=False)
        directory = self._keys.directory_key(generation)
        listing = self._keys.bucket_key(generation, bucket)
        pipeline.zrange(directory, top, "-", desc=True, bylex=True, offset=0, num=2)
        pipeline.execute_command(
            "EVAL_RO", PAGE, 1, listing, below, limit, **node_of(self._redis, listing)
        )
        names, rows = await pipeline.execute()
        listed = [(key.decode(), _view(found)) for key, *found in rows]
        return [name.decode() for name in names], listed

    async def _views(self, generation: str, ids: Sequence[str]) -> list[StoredView | None]:
        pipeline = self._redis.pipeline(transaction=False)
        for key in ids:
            pipeline.hmget(self._keys.hash_key(generation, key), FIELDS)
        return [_view(found) for found in await pipeline.execute()]

    @asynccontextmanager
    async def _call(self, operation: str) -> AsyncIterator[None]:
        """Measure, trace and bound a call.

        Raises Unavailable, StoreError if the failure is permanent, and as ConcurrencyLimit.slot.
        """
        with store_call("redis", operation, redis_errors.classify):
            async with asyncio.timeout(self._timeout), self._turns.slot():
                yield

    async def _serving(self) -> str:
        """Return the serving generation, cached for POINTER_TTL."""
        if time.monotonic() - self._read_at > POINTER_TTL:
            generation: Any = await self._redis.get(self._keys.pointer)
            self._generation = generation.decode() if generation else self._keys.FIRST_GENERATION
            self._read_at = time.monotonic()
        return self._generation


def _view(found: Sequence[Any]) -> StoredView | None:
    version, json, proto = found
    return None if version is None else StoredView(int(version), json, proto)
