"""The generations of the view in Redis; layout: schemas/views/redis-users.md."""

from typing import Any

from redis.asyncio import Redis

from chassis.generations import FIRST, NotDone, Notes, State, from_notes, not_serving
from redis_projector.redis_user_views import KEPT, NOTES, POINTER, RedisUserViews, call

AT_ONCE = 1000  # keys removed in one step
# KEYS: notes, kept. ARGV: generation.
ADD = """
local building = redis.call('HGET', KEYS[1], 'building') or ARGV[1]
if building ~= ARGV[1] then return building end
redis.call('HSET', KEYS[1], 'building', ARGV[1])
redis.call('SADD', KEYS[2], ARGV[1])
return ARGV[1]
"""
# KEYS: pointer, notes, kept. ARGV: before, after, the first generation.
SWITCH = """
local serving = redis.call('GET', KEYS[1]) or ARGV[3]
if serving ~= ARGV[1] then return serving end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], 'previous', ARGV[1])
redis.call('HDEL', KEYS[2], 'building', 'done', 'total', 'dead_letters', 'leading')
redis.call('SADD', KEYS[3], ARGV[1], ARGV[2])
return ARGV[2]
"""


class RedisGenerations:
    """Implements chassis.generations.Generations."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._add = redis.register_script(ADD)
        self._switch = redis.register_script(SWITCH)

    def views(self, generation: str, leading: str | None = None) -> RedisUserViews:
        return RedisUserViews(self._redis, generation, leading)

    async def state(self) -> State:
        pipeline = self._redis.pipeline(transaction=True)  # one moment
        pipeline.get(POINTER)
        pipeline.smembers(KEPT)
        pipeline.hgetall(NOTES)
        with call("state"):
            pointer, kept, found = await pipeline.execute()
        notes = {name.decode(): value.decode() for name, value in found.items()}
        serving = pointer.decode() if pointer else FIRST
        names = frozenset(name.decode() for name in kept)
        return from_notes(serving, notes.get("previous"), names, notes)

    async def note(self, notes: Notes) -> None:
        kept: Any = {name: value for name, value in notes.items() if value is not None}
        pipeline = self._redis.pipeline(transaction=True)
        if kept:
            pipeline.hset(NOTES, mapping=kept)
        if dropped := notes.keys() - kept.keys():
            pipeline.hdel(NOTES, *dropped)
        with call("note"):
            await pipeline.execute()

    async def add(self, generation: str) -> None:
        with call("add"):
            building = await self._add(keys=[NOTES, KEPT], args=[generation])
        if building.decode() != generation:
            raise NotDone(f"generation {building.decode()} is building")

    async def switch(self, before: str, after: str) -> None:
        with call("switch"):
            serving = await self._switch(keys=[POINTER, NOTES, KEPT], args=[before, after, FIRST])
        if serving.decode() != after:
            raise not_serving(before, serving.decode())

    async def drop(self, generation: str) -> None:
        with call("drop"):
            keys: list[bytes] = []
            async for key in self._redis.scan_iter(f"users:{generation}:*", count=AT_ONCE):
                keys.append(key)
                if len(keys) == AT_ONCE:
                    await self._unlink(keys)
                    keys.clear()
            await self._unlink(keys)
            await self._redis.srem(KEPT, generation)

    async def ping(self) -> None:
        """Return when Redis answers; raises Unavailable."""
        with call("ping"):
            await self._redis.ping()

    async def _unlink(self, keys: list[bytes]) -> None:
        pipeline = self._redis.pipeline(transaction=False)  # one key each: of many slots
        for key in keys:
            pipeline.unlink(key)
        await pipeline.execute()
