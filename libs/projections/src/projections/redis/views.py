"""Writer of the view in Redis; layout and guards: schemas/views/redis-users.md.

Every script is idempotent, since redis-py retries after a lost connection. Each is sent as text,
which Redis compiles once: sending it for a hundred keys costs less than finding out which node of a
cluster has it cached.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from operator import attrgetter
from typing import Any

from redis.asyncio import Redis

from chassis.stores.errors import redis as redis_errors
from chassis.stores.errors.calls import store_call
from chassis.stores.redis import AnyRedis
from projections.ports import Offset, OffsetMoved, Rejected
from projections.redis.change import RedisChange
from projections.redis.layout import RedisLayout

AT_ONCE = 100  # keys of one script, which takes 0.5 ms and blocks all other clients of Redis
SCANNED = 1000  # keys in one step of a scan

# KEYS: order of a bucket, its hashes. ARGV: version, json, proto of each hash (empty: deleted).
APPLY = """
local bucket = KEYS[1]
for i = 2, #KEYS do
  local key, version, json, proto = KEYS[i], ARGV[3 * i - 5], ARGV[3 * i - 4], ARGV[3 * i - 3]
  local id = string.sub(key, #bucket + 2)
  local held = redis.call('HGET', key, 'version')
  if not held or tonumber(held) < tonumber(version) then
    if json == '' then
      redis.call('HDEL', key, 'json', 'proto')
      redis.call('HSET', key, 'version', version)
      redis.call('ZREM', bucket, id)
    else
      redis.call('HSET', key, 'version', version, 'json', json, 'proto', proto)
      redis.call('ZADD', bucket, 0, id)
    end
  end
end
"""

# KEYS: offsets of shards. ARGV: field, expected ('' = none) and next offset of each partition. In a
# shard all move or none; a repeat finds the next value already set. Returns 1 for each that moved.
ADVANCE = """
local moved = {}
for k, key in ipairs(KEYS) do
  moved[k] = 1
  for i = 1, #ARGV, 3 do
    local held = redis.call('HGET', key, ARGV[i]) or ''
    if held ~= ARGV[i + 1] and held ~= ARGV[i + 2] then moved[k] = 0 end
  end
  if moved[k] == 1 then
    for i = 1, #ARGV, 3 do redis.call('HSET', key, ARGV[i], ARGV[i + 2]) end
  end
end
return moved
"""
Moves = Mapping[int, tuple[Offset, int]]


class RedisViews:
    """Implements projections.ports.Views for one generation of the view."""

    def __init__(
        self, redis: AnyRedis, layout: RedisLayout, generation: str, leading: str | None = None
    ) -> None:
        self._redis = redis
        self._is_one_server = isinstance(redis, Redis)  # whose scripts may use keys of any slot
        self._keys = layout
        self._generation = generation
        self._written = [generation] if leading is None else [leading, generation]

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        """See Views; returns the offset that every shard has reached."""
        return _reached(await self._shards(log, partitions))

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        """See Views; a shard that is ahead of another is set back and written again."""
        shards = await self._shards(log, partitions)
        begin = {p: offset or 0 for p, offset in _reached(shards).items()}
        moves = [{p: (held[p], begin[p]) for p in begin} for held in shards]
        await self._move(log, [((s,), m) for s, m in zip(self._keys.SHARDS, moves, strict=True)])
        return begin

    async def apply(self, changes: Sequence[RedisChange]) -> list[Rejected[RedisChange]]:
        if not changes:
            return []
        with call("apply"):
            for generation in self._written:
                await self._write(generation, changes)
            if erasures := [change for change in changes if change.json is None]:
                for generation in await self._others():
                    await self._write(generation, erasures)
        return []

    async def advance(self, log: str, moves: Moves) -> None:
        together = [self._keys.SHARDS] if self._is_one_server else [(s,) for s in self._keys.SHARDS]
        await self._move(log, [(shards, moves) for shards in together])

    async def _write(self, generation: str, changes: Sequence[RedisChange]) -> None:
        in_order = sorted(changes, key=attrgetter("key"))
        # Before the hashes: a reader must never miss a bucket that has one.
        buckets: Any = {self._keys.bucket_of(change.key): 0.0 for change in in_order}
        pipeline = self._redis.pipeline(transaction=False)
        if self._is_one_server:
            pipeline.zadd(self._keys.directory_key(generation), buckets)
        else:  # the parts of a pipeline go to several servers, in no order
            await self._redis.zadd(self._keys.directory_key(generation), buckets)
        for bucket, of_bucket in groupby(
            in_order, key=lambda change: self._keys.bucket_of(change.key)
        ):
            users, listing = list(of_bucket), self._keys.bucket_key(generation, bucket)
            for start in range(0, len(users), AT_ONCE):
                part = users[start : start + AT_ONCE]
                keys = [listing, *(f"{listing}:{change.key}" for change in part)]
                values: list[Any] = []
                for change in part:
                    values += change.version, change.json or b"", change.proto or b""
                pipeline.eval(APPLY, len(keys), *keys, *values)
        await pipeline.execute()

    async def _others(self) -> set[str]:
        """Return all other generations that may hold erased data."""
        kept: Any = await self._redis.smembers(self._keys.kept)
        return {generation.decode() for generation in kept} - set(self._written)

    async def _shards(self, log: str, partitions: Collection[int]) -> list[dict[int, Offset]]:
        """Return the offsets of each shard."""
        if not partitions:
            return [{} for _ in self._keys.SHARDS]
        fields = [f"{log}:{partition}" for partition in partitions]
        pipeline = self._redis.pipeline(transaction=False)
        for shard in self._keys.SHARDS:
            pipeline.hmget(self._keys.offsets_key(self._generation, shard), fields)
        with call("offsets"):
            found = await pipeline.execute()
        return [
            {p: None if at is None else int(at) for p, at in zip(partitions, held, strict=True)}
            for held in found
        ]

    async def _move(self, log: str, moves: Sequence[tuple[Sequence[str], Moves]]) -> None:
        """Move the offsets of shards; raises OffsetMoved if one is not the expected one.

        Each entry is one script; in a cluster it may have a single shard only.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for shards, of_shards in moves:
            keys = [self._keys.offsets_key(self._generation, shard) for shard in shards]
            values: list[Any] = []
            for partition, (before, after) in of_shards.items():
                values += f"{log}:{partition}", "" if before is None else before, after
            pipeline.eval(ADVANCE, len(keys), *keys, *values)
        with call("advance"):
            moved = [one for of_script in await pipeline.execute() for one in of_script]
        shards = [shard for of_script, _ in moves for shard in of_script]
        stuck = [shard for shard, is_moved in zip(shards, moved, strict=True) if not is_moved]
        if stuck:
            raise OffsetMoved(f"another writer moved the offsets of shards {', '.join(stuck)}")


async def scanned(redis: AnyRedis, pattern: str) -> AsyncIterator[list[bytes]]:
    """Yield all matching keys of every node, a thousand at a time; may repeat one."""
    found = redis.scan_iter(pattern, count=SCANNED)
    while True:
        keys: list[bytes] = []
        with call("scan"):
            async for key in found:
                keys.append(key)
                if len(keys) == SCANNED:
                    break
        if not keys:
            return
        yield keys


def _reached(shards: Sequence[Mapping[int, Offset]]) -> dict[int, Offset]:
    """Return the least offset by partition; None if a shard has none."""
    reached: dict[int, Offset] = {}
    for partition in shards[0]:
        held = [shard[partition] for shard in shards]
        known = [offset for offset in held if offset is not None]
        reached[partition] = min(known) if len(known) == len(held) else None
    return reached


def call(operation: str) -> AbstractContextManager[None]:
    """Measure a call; raises Unavailable, or StoreError if the failure is permanent."""
    return store_call("redis", operation, redis_errors.classify)
