"""Drift seeded directly in the stores, and the kinds that verification should report."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from opensearchpy import AsyncOpenSearch, ConflictError

from chassis.testing import eventually
from local_stack.addresses import Addresses
from projections.redis.layout import RedisLayout
from tests.support.clients.api_clients import Answer
from tests.support.stores.redis_operator import connected, serving

LAYOUT = RedisLayout("users")

Planted = dict[str, str]
Plant = Callable[[Addresses, Sequence[Answer], str], Awaitable[Planted]]


async def in_redis(stack: Addresses, users: Sequence[Answer], erased: str) -> Planted:
    """Seed one kind of drift a user; `users` have version 2, and so does the erased one."""
    missing, stale, other, ahead, unlisted, *_ = (user["id"] for user in users)
    async with connected(stack, decode_responses=True) as redis:
        generation = await serving(redis)

        def order(user: str) -> str:
            return LAYOUT.bucket_key(generation, user[:6])

        def key(user: str) -> str:
            return LAYOUT.hash_key(generation, user)

        extra = f"{other[:-12]}{uuid.uuid4().hex[:12]}"
        old = await redis.hget(key(other), "json")
        await redis.delete(key(missing))
        await redis.zrem(order(missing), missing)
        await redis.hset(key(stale), mapping={"version": 1, "json": old})
        await redis.hset(key(other), "json", old.replace("Renamed", "Somebody"))
        await redis.hset(key(ahead), "version", 9)
        await redis.zrem(order(unlisted), unlisted)
        await redis.hset(key(extra), mapping={"version": 1, "json": old})
        await redis.zadd(order(extra), {extra: 0})
        await redis.hset(key(erased), "json", old)
    kinds = {missing: "missing", stale: "stale", other: "different", ahead: "ahead"}
    return kinds | {unlisted: "different", extra: "extra", erased: "different"}


async def in_opensearch(stack: Addresses, users: Sequence[Answer], erased: str) -> Planted:
    """Seed the same kinds as in Redis, except for lists, which do not exist here."""
    missing, stale, other, ahead, *_ = (user["id"] for user in users)
    extra = f"{other[:-12]}{uuid.uuid4().hex[:12]}"
    async with AsyncOpenSearch(stack.opensearch_url) as client:

        async def write(user: str, version: int, **fields: object) -> None:
            guard: Any = {"version": version, "version_type": "external_gte", "refresh": "true"}
            body = {
                "id": user,
                "version": version,
                "first_name": "Old",
                "last_name": "One",
            } | fields
            await client.index(index="users", id=user, body=body, params=guard)

        # By default it remembers a deleted document's version for a minute.
        await client.indices.put_settings(body={"index.gc_deletes": "0s"}, index="users")
        for user in (missing, stale):
            await client.delete(index="users", id=user, params={"refresh": "true"})

        async def an_older_one_is_taken() -> None:
            try:
                await write(stale, 1)
            except ConflictError as error:  # its clock has a resolution of 200 ms
                raise AssertionError(error) from error

        await eventually(an_older_one_is_taken)
        await write(other, 2, first_name="Somebody")
        await write(ahead, 9)
        await write(extra, 1)
        await write(erased, 2)
        await client.indices.put_settings(body={"index.gc_deletes": None}, index="users")
    kinds = {missing: "missing", stale: "stale", other: "different", ahead: "ahead"}
    return kinds | {extra: "extra", erased: "different"}


async def lose_bucket(stack: Addresses, user: str) -> None:
    """Remove the bucket from the index of buckets, so that pages skip users like this one."""
    async with connected(stack, decode_responses=True) as redis:
        directory = LAYOUT.directory_key(await serving(redis))
        assert await redis.zrem(directory, user[:6])


def planted_in(text: str) -> Planted:
    """Parse verification's output into findings."""
    words = [line.split() for line in text.splitlines() if line.startswith("found: ")]
    return {user: kind for _, kind, user, *_ in words}
