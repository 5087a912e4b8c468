"""Reads the view in Redis; layout: schemas/views/redis-users.md."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis import telemetry
from chassis.problems import Unavailable
from query_api.ports import View

POINTER = "users:generation"
FIRST_GENERATION = "1"
POINTER_TTL = 1.0  # seconds; a switch of generations keeps both for longer
FIELDS = ["version", "json", "proto"]
# The order of a bucket and its users lie in one slot; one reply is read in 60 µs, twelve in 240.
PAGE = """
local page = redis.call('ZRANGE', KEYS[1], ARGV[1], '-', 'BYLEX', 'REV', 'LIMIT', 0, ARGV[2])
for i, id in ipairs(page) do
  page[i] = {id, unpack(redis.call('HMGET', KEYS[1] .. ':' .. id, 'version', 'json', 'proto'))}
end
return page
"""
Listed = tuple[str, View | None]


class RedisUserViews:
    """Implements query_api.shared_reads.BatchedUserViews on the generation that serves."""

    def __init__(self, redis: Redis, timeout: float) -> None:
        """timeout: seconds for a read, of however many round trips."""
        self._redis = redis
        self._timeout = timeout
        self._generation = FIRST_GENERATION
        self._read_at = float("-inf")
        self._newest = "000000"  # the bucket, when last seen; most lists begin there

    async def get(self, user_id: str) -> View | None:
        (view,) = await self.get_many([user_id])
        return view

    async def get_many(self, user_ids: Sequence[str]) -> list[View | None]:
        async with self._call("get"):
            return await self._views(await self._prefix(), user_ids)

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, View]]:
        found: list[tuple[str, View]] = []
        async with self._call("list"):
            prefix = await self._prefix()
            while len(found) < limit:
                listed = await self._listed(prefix, before, limit - len(found))
                if not listed:
                    break
                found += [(user_id, view) for user_id, view in listed if view and view.json]
                before = listed[-1][0]
        return found

    async def ping(self) -> None:
        """Return when Redis answers; raises Unavailable."""
        async with self._call("ping"):
            await self._redis.ping()

    async def _listed(self, prefix: str, before: str | None, limit: int) -> list[Listed]:
        """At most limit users below `before`, newest first, in one round trip a bucket."""
        below, top = ("+", "+") if before is None else (f"({before}", f"[{before[:6]}")
        bucket = self._newest if before is None else before[:6]
        listed: list[Listed] = []
        while len(listed) < limit:
            there, rows = await self._bucket(prefix, bucket, top, below, limit - len(listed))
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
        self, prefix: str, bucket: str, top: str, below: str, limit: int
    ) -> tuple[list[str], list[Listed]]:
        """Two buckets from top downwards, and users of the one that should be the first."""
        pipeline = self._redis.pipeline(transaction=False)
        buckets, order = f"{prefix}:buckets", f"{prefix}:{{{bucket}}}"
        pipeline.zrange(buckets, top, "-", desc=True, bylex=True, offset=0, num=2)
        pipeline.eval_ro(PAGE, 1, order, below, str(limit))
        names, rows = await pipeline.execute()
        listed = [(user_id.decode(), _view(found)) for user_id, *found in rows]
        return [name.decode() for name in names], listed

    async def _views(self, prefix: str, ids: Sequence[str]) -> list[View | None]:
        pipeline = self._redis.pipeline(transaction=False)
        for user_id in ids:
            pipeline.hmget(_user_key(prefix, user_id), FIELDS)
        return [_view(found) for found in await pipeline.execute()]

    @asynccontextmanager
    async def _call(self, operation: str) -> AsyncIterator[None]:
        """Measured, traced and bounded; raises Unavailable when Redis does not answer."""
        try:
            with telemetry.store_call("redis", operation):
                async with asyncio.timeout(self._timeout):
                    yield
        except (RedisError, OSError, RuntimeError) as error:  # uvloop's, of a connection just reset
            raise Unavailable(f"redis: {error!r}") from error

    async def _prefix(self) -> str:
        if time.monotonic() - self._read_at > POINTER_TTL:
            generation: Any = await self._redis.get(POINTER)
            self._generation = generation.decode() if generation else FIRST_GENERATION
            self._read_at = time.monotonic()
        return f"users:{self._generation}"


def _user_key(prefix: str, user_id: str) -> str:
    return f"{prefix}:{{{user_id[:6]}}}:{user_id}"


def _view(found: Sequence[Any]) -> View | None:
    version, json, proto = found
    return None if version is None else View(int(version), json, proto)
