"""Verification and repair of the view in Redis."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from chassis.stores.redis import AnyRedis
from projections.redis.change import RedisChange
from projections.redis.layout import RedisLayout
from projections.redis.views import RedisViews, call, scanned
from projections.verification.drift import Actual, Page, Repair

PAGE_SIZE = 4000  # ids of one page

# KEYS: hash, order of its bucket. ARGV: id, version seen ('' = none), new version ('' = delete).
# Then the projector's own guard accepts the event's version; until then readers get old content.
LOWER = """
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[1], 'version', ARGV[3])
end
return 1
"""


class RedisAudit:
    """Implements projections.verification.drift.View for one generation.

    The content: json, proto, and whether pages list the key, which needs an entry in the order of
    its bucket and the bucket's own entry.
    """

    def __init__(
        self, redis: AnyRedis, layout: RedisLayout, generation: str, views: RedisViews
    ) -> None:
        self._redis = redis
        self._keys = layout
        self._generation = generation
        self._views = views

    def content(self, change: RedisChange) -> object:
        return change.json, change.proto, change.json is not None

    async def page(self, after: str, to: str | None, known: Collection[str]) -> Page:
        listed = await self._listed(after, to, {self._keys.bucket_of(key) for key in known})
        if len(listed) > PAGE_SIZE:
            listed = listed[:PAGE_SIZE]
            to = listed[-1]
        keys = {key for key in known if to is None or key <= to}.union(listed)
        return Page(await self.read(keys), to)

    async def read(self, keys: Collection[str]) -> Mapping[str, Actual]:
        wanted = sorted(keys)
        buckets = sorted({self._keys.bucket_of(key) for key in wanted})
        pipeline = self._redis.pipeline(transaction=False)
        for key in wanted:
            pipeline.hmget(self._user(key), "version", "json", "proto")
            pipeline.zscore(self._order(self._keys.bucket_of(key)), key)
        for bucket in buckets:  # last: a bucket exists before its first key
            pipeline.zscore(self._keys.directory_key(self._generation), bucket)
        with call("audit"):
            found = await pipeline.execute()
        scores = found[2 * len(wanted) :]
        shown = {b for b, score in zip(buckets, scores, strict=True) if score is not None}
        held = {}
        for number, key in enumerate(wanted):
            (version, json, proto), score = found[2 * number], found[2 * number + 1]
            if any(value is not None for value in (version, json, proto, score)):
                is_shown = score is not None and self._keys.bucket_of(key) in shown
                held[key] = Actual(_number(version), (json, proto, is_shown), version)
        return held

    async def unlisted(self) -> AsyncIterator[Sequence[str]]:
        pattern = self._keys.hashes_pattern(self._generation)
        async for keys in scanned(self._redis, pattern):
            yield [key.decode("utf-8", "replace").rpartition(":")[2] for key in keys]

    async def apply_repairs(self, repairs: Sequence[Repair[RedisChange]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for repair in repairs:
            lower = None if repair.change is None else repair.change.version - 1
            if repair.held and (lower is None or repair.held.version > lower):
                key, listing = (
                    self._user(repair.key),
                    self._order(self._keys.bucket_of(repair.key)),
                )
                seen, wanted = repair.held.mark or "", "" if lower is None else lower
                pipeline.eval(LOWER, 2, key, listing, repair.key, seen, wanted)
        with call("lower"):
            await pipeline.execute()
        await self._views.apply([repair.change for repair in repairs if repair.change])

    async def _listed(self, after: str, to: str | None, known: Collection[str]) -> list[str]:
        """Return the first ids of the span in the orders of its buckets, at most MOST + 1."""
        low, high = (
            f"[{self._keys.bucket_of(after)}",
            "+" if to is None else f"[{self._keys.bucket_of(to)}",
        )
        with call("audit"):
            in_use: Any = await self._redis.zrange(
                self._keys.directory_key(self._generation),
                low if after else "-",
                high,
                bylex=True,
            )
        first, last = f"({after}" if after else "-", "+" if to is None else f"[{to}"
        listed: list[str] = []
        for bucket in sorted({name.decode() for name in in_use}.union(known)):
            if len(listed) > PAGE_SIZE:
                break
            with call("audit"):
                ids: Any = await self._redis.zrange(
                    self._order(bucket), first, last, bylex=True, offset=0, num=PAGE_SIZE + 1
                )
            listed += [found.decode() for found in ids]
        return sorted(listed)[: PAGE_SIZE + 1]

    def _order(self, bucket: str) -> str:
        return self._keys.bucket_key(self._generation, bucket)

    def _user(self, key: str) -> str:
        return self._keys.hash_key(self._generation, key)


def _number(version: bytes | None) -> int:
    return int(version) if version and version.isdigit() else 0
