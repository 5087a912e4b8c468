"""Reads the view in Redis; layout: schemas/views/redis-users.md."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis import telemetry
from chassis.problems import Unavailable
from query_api.ports import View

POINTER = "users:generation"
FIRST_GENERATION = "1"
POINTER_TTL = 1.0  # seconds; a switch of generations keeps both for longer
BUCKETS_AT_ONCE = 20
FIELDS = ["version", "json", "proto"]


class RedisUserViews:
    """Implements query_api.shared_reads.BatchedUserViews on the generation that serves."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._generation = FIRST_GENERATION
        self._read_at = float("-inf")

    async def get(self, user_id: str) -> View | None:
        (view,) = await self.get_many([user_id])
        return view

    async def get_many(self, user_ids: Sequence[str]) -> list[View | None]:
        with _call("get"):
            return await self._views(await self._prefix(), user_ids)

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, View]]:
        found: list[tuple[str, View]] = []
        with _call("list"):
            prefix = await self._prefix()
            while len(found) < limit:
                ids = await self._ids(prefix, before, limit - len(found))
                if not ids:
                    break
                found += await self._living(prefix, ids)
                before = ids[-1]
        return found

    async def ping(self) -> None:
        """Return when Redis answers; raises Unavailable."""
        with _call("ping"):
            await self._redis.ping()

    async def _ids(self, prefix: str, before: str | None, limit: int) -> list[str]:
        """At most limit ids below `before`, newest first, from as many buckets as it takes."""
        top = "+" if before is None else f"[{before[:6]}"
        ids: list[str] = []
        while len(ids) < limit:
            buckets = await self._below(f"{prefix}:buckets", top, BUCKETS_AT_ONCE)
            if not buckets:
                break
            for bucket in buckets:
                below = "+" if before is None else f"({before}"
                ids += await self._below(f"{prefix}:{{{bucket}}}", below, limit - len(ids))
                if len(ids) >= limit:
                    break
            top = f"({buckets[-1]}"
        return ids

    async def _below(self, key: str, top: str, limit: int) -> list[str]:
        """At most limit members of a sorted set from top downwards, in the order of their text."""
        members: Sequence[Any] = await self._redis.zrange(
            key, top, "-", desc=True, bylex=True, offset=0, num=limit
        )
        return [member.decode() for member in members]

    async def _living(self, prefix: str, ids: Sequence[str]) -> list[tuple[str, View]]:
        views = await self._views(prefix, ids)
        # One that was deleted between the two reads is left out.
        return [(i, v) for i, v in zip(ids, views, strict=True) if v is not None and v.json]

    async def _views(self, prefix: str, ids: Sequence[str]) -> list[View | None]:
        pipeline = self._redis.pipeline(transaction=False)
        for user_id in ids:
            pipeline.hmget(_user_key(prefix, user_id), FIELDS)
        return [_view(found) for found in await pipeline.execute()]

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


@contextmanager
def _call(operation: str) -> Iterator[None]:
    """Measured and traced; raises Unavailable when Redis does not answer."""
    try:
        with telemetry.store_call("redis", operation):
            yield
    except (RedisError, OSError, RuntimeError) as error:  # uvloop's, of a connection just reset
        raise Unavailable(f"redis: {error!r}") from error
