"""The view in Redis; layout and guards: schemas/views/redis-users.md.

Every script may run twice without harm, since redis-py tries again after a lost connection.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from chassis import telemetry
from chassis.problems import Unavailable
from chassis.projection import Offset, OffsetMoved, Rejected
from redis_projector.projection import UserChange

# KEYS: user, order of its bucket (one slot). ARGV: id, version, json, proto (both empty: deleted).
APPLY = """
local held = redis.call('HGET', KEYS[1], 'version')
if held and tonumber(held) >= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], 'json', 'proto')
  redis.call('HSET', KEYS[1], 'version', ARGV[2])
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[1], 'version', ARGV[2], 'json', ARGV[3], 'proto', ARGV[4])
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
end
return 1
"""

# KEYS: offset. ARGV: expected ('' = none), next. A repeat finds the next value there already.
ADVANCE = """
local held = redis.call('GET', KEYS[1]) or ''
if held ~= ARGV[1] and held ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


# One slot of Redis Cluster holds all three, so that a script may change them together.
POINTER = "users:generation"  # read by query-api, too
NOTES = "users:{users:generation}:operator"
KEPT = "users:{users:generation}:kept"


def bucket_of(user_id: str) -> str:
    """The bucket of an id: the top 24 bits of its time, as 6 hex digits."""
    return user_id[:6]


class RedisUserViews:
    """Implements chassis.projection.Views for one generation of the view."""

    def __init__(self, redis: Redis, generation: str, leading: str | None = None) -> None:
        self._redis = redis
        self._generation = generation
        self._written = [generation] if leading is None else [leading, generation]
        self._apply = redis.register_script(APPLY)
        self._advance = redis.register_script(ADVANCE)

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        pipeline = self._redis.pipeline(transaction=False)
        for partition in partitions:
            pipeline.get(self._offset_key(log, partition))
        with call("offsets"):
            stored = await pipeline.execute()
        return {p: None if o is None else int(o) for p, o in zip(partitions, stored, strict=True)}

    async def apply(self, changes: Sequence[UserChange]) -> list[Rejected[UserChange]]:
        if not changes:
            return []
        pipeline = self._redis.pipeline(transaction=False)
        for generation in self._written:
            await self._add(pipeline, generation, changes)
        erasures = [change for change in changes if change.json is None]
        with call("apply"):
            for generation in await self._others() if erasures else ():
                await self._add(pipeline, generation, erasures)
            await pipeline.execute()
        return []

    async def _add(
        self, pipeline: Pipeline, generation: str, changes: Sequence[UserChange]
    ) -> None:
        prefix = f"users:{generation}"
        # Before the users: a reader must never miss a bucket that has one.
        buckets = {bucket_of(change.key): 0.0 for change in changes}
        pipeline.zadd(f"{prefix}:buckets", buckets)
        for change in changes:
            order = f"{prefix}:{{{bucket_of(change.key)}}}"
            await self._apply(
                keys=[f"{order}:{change.key}", order],
                args=[change.key, change.version, change.json or b"", change.proto or b""],
                client=pipeline,
            )

    async def _others(self) -> set[str]:
        """All other generations that may hold a name."""
        kept: Any = await self._redis.smembers(KEPT)
        return {generation.decode() for generation in kept} - set(self._written)

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for partition, (before, after) in moves.items():
            await self._advance(
                keys=[self._offset_key(log, partition)],
                args=["" if before is None else before, after],
                client=pipeline,
            )
        with call("advance"):
            moved = await pipeline.execute()
        stuck = [p for p, is_moved in zip(moves, moved, strict=True) if not is_moved]
        if stuck:
            raise OffsetMoved(f"the stored offsets of partitions {stuck} are not ours")

    def _offset_key(self, log: str, partition: int) -> str:
        return f"users:{self._generation}:offset:{log}:{partition}"


@contextmanager
def call(operation: str) -> Iterator[None]:
    """Measured and traced; raises Unavailable when Redis does not answer."""
    try:
        with telemetry.store_call("redis", operation):
            yield
    except (RedisError, OSError, RuntimeError) as error:  # uvloop's, of a connection just reset
        raise Unavailable(f"redis: {error!r}") from error
