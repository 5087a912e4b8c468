"""The view in memory: for tests and the demo, kept honest by the contract suite."""

from collections.abc import Collection, Mapping, Sequence

from projections.projector import Offset, OffsetMoved, Rejected, claim_whole
from projections.redis.change import RedisChange


class MemoryRedisViews:
    """`hashes` are as in Redis: id → {version, json, proto}; of a deleted one: {version}."""

    def __init__(self, hashes: dict[str, dict[str, bytes]] | None = None) -> None:
        self.hashes = {} if hashes is None else hashes
        self._offsets: dict[tuple[str, int], int] = {}

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        return {partition: self._offsets.get((log, partition)) for partition in partitions}

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        return await claim_whole(self, log, partitions)

    async def apply(self, changes: Sequence[RedisChange]) -> list[Rejected[RedisChange]]:
        for change in changes:
            held = self.hashes.get(change.key)
            if held is None or int(held["version"]) < change.version:
                self.hashes[change.key] = _hash(change)
        return []

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        for partition, (before, after) in moves.items():
            if self._offsets.get((log, partition)) not in {before, after}:
                raise OffsetMoved(f"the stored offset of partition {partition} is not ours")
            self._offsets[log, partition] = after

    def lose_everything(self) -> None:
        """Be like a store after FLUSHALL."""
        self.hashes.clear()
        self._offsets.clear()


def _hash(change: RedisChange) -> dict[str, bytes]:
    version = {"version": str(change.version).encode()}
    if change.json is None or change.proto is None:
        return version
    return version | {"json": change.json, "proto": change.proto}
