"""The generations of the view in Redis; layout: schemas/views/redis-users.md."""

from typing import Any

from chassis.stores.redis import AnyRedis
from projections.generations import FIRST, Notes, OperationRefused, State, from_notes, not_serving
from projections.redis.layout import RedisLayout
from projections.redis.views import RedisViews, call, scanned

# KEYS: pointer, kept, notes. Reads all three atomically.
STATE = """
return {
  redis.call('GET', KEYS[1]), redis.call('SMEMBERS', KEYS[2]), redis.call('HGETALL', KEYS[3])
}
"""
# KEYS: notes. ARGV: name and value of each note ('' = delete).
NOTE = """
for i = 1, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
"""
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
    """Implements projections.generations.Generations."""

    def __init__(self, redis: AnyRedis, layout: RedisLayout) -> None:
        self._redis = redis
        self._keys = layout

    def views(self, generation: str, leading: str | None = None) -> RedisViews:
        return RedisViews(self._redis, self._keys, generation, leading)

    async def state(self) -> State:
        with call("state"):
            found: Any = await self._redis.eval(
                STATE, 3, self._keys.pointer, self._keys.kept, self._keys.notes
            )
        pointer, kept, flat = found
        words = [word.decode() for word in flat]
        notes = dict(zip(words[::2], words[1::2], strict=True))
        serving = pointer.decode() if pointer else FIRST
        names = frozenset(name.decode() for name in kept)
        return from_notes(serving, notes.get("previous"), names, notes)

    async def note(self, notes: Notes) -> None:
        kept = {name: "" if value is None else value for name, value in notes.items()}
        words = [word for pair in kept.items() for word in pair]
        with call("note"):
            await self._redis.eval(NOTE, 1, self._keys.notes, *words)

    async def add(self, generation: str) -> None:
        with call("add"):
            building: Any = await self._redis.eval(
                ADD, 2, self._keys.notes, self._keys.kept, generation
            )
        if building.decode() != generation:
            raise OperationRefused(f"generation {building.decode()} is being built")

    async def switch(self, before: str, after: str) -> None:
        with call("switch"):
            serving: Any = await self._redis.eval(
                SWITCH,
                3,
                self._keys.pointer,
                self._keys.notes,
                self._keys.kept,
                before,
                after,
                FIRST,
            )
        if serving.decode() != after:
            raise not_serving(before, serving.decode())

    async def drop(self, generation: str) -> None:
        async for keys in scanned(self._redis, self._keys.pattern(generation)):
            pipeline = self._redis.pipeline(transaction=False)
            for key in keys:  # one command each: the keys are in many slots
                pipeline.execute_command("UNLINK", key)  # unlink() would return a coroutine
            with call("drop"):
                await pipeline.execute()
        with call("drop"):
            await self._redis.srem(self._keys.kept, generation)

    async def ping(self) -> None:
        """Return if Redis responds, for a cluster the pointer's slot; raises Unavailable."""
        with call("ping"):
            await self._redis.get(self._keys.pointer)
