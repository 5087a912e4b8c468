"""Views in memory, for tests and the demo; they pass the conformance suites."""

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from projections.opensearch.change import DocumentChange
from projections.ports import Change, Offset, OffsetMoved, Rejected, claim_whole
from projections.redis.change import RedisChange

C = TypeVar("C", bound=Change)
V = TypeVar("V")


class MemoryViews(Generic[C, V]):
    """Implements projections.ports.Views.

    `held` is by key what the store would hold, `stored_offsets` by log and partition.
    """

    def __init__(self, content: Callable[[C], V]) -> None:
        self.held: dict[str, V] = {}
        self._content = content
        self._versions: dict[str, int] = {}
        self.stored_offsets: dict[tuple[str, int], int] = {}

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        return {partition: self.stored_offsets.get((log, partition)) for partition in partitions}

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        return await claim_whole(self, log, partitions)

    async def apply(self, changes: Sequence[C]) -> list[Rejected[C]]:
        for change in changes:
            if self._versions.get(change.key, 0) < change.version:
                self._versions[change.key] = change.version
                self.held[change.key] = self._content(change)
        return []

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        for partition, (before, after) in moves.items():
            if self.stored_offsets.get((log, partition)) not in {before, after}:
                raise OffsetMoved(f"another writer moved the offset of partition {partition}")
            self.stored_offsets[log, partition] = after

    def lose_everything(self) -> None:
        """Delete all data, as if the store had lost it."""
        for lost in (self.held, self._versions, self.stored_offsets):
            lost.clear()


Hashes = MemoryViews[RedisChange, dict[str, bytes]]
Documents = MemoryViews[DocumentChange, dict[str, Any]]


def hashes() -> Hashes:
    """Return a view as in Redis: {version, json, proto}, or {version} if deleted."""
    return MemoryViews(_hash)


def documents() -> Documents:
    """Return a view as in OpenSearch: the documents."""
    return MemoryViews(attrgetter("document"))


def _hash(change: RedisChange) -> dict[str, bytes]:
    version = {"version": str(change.version).encode()}
    if change.json is None or change.proto is None:
        return version
    return version | {"json": change.json, "proto": change.proto}
