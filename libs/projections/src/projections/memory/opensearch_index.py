"""The index in memory: for tests and the demo, kept honest by the contract suite."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from projections.opensearch.change import DocumentChange
from projections.projector import Offset, OffsetMoved, Rejected, claim_whole


class MemoryIndex:
    """`documents` are as in OpenSearch, by id."""

    def __init__(self, documents: dict[str, dict[str, Any]] | None = None) -> None:
        self.documents = {} if documents is None else documents
        self._offsets: dict[tuple[str, int], int] = {}

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        return {partition: self._offsets.get((log, partition)) for partition in partitions}

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        return await claim_whole(self, log, partitions)

    async def apply(self, changes: Sequence[DocumentChange]) -> list[Rejected[DocumentChange]]:
        for change in changes:
            held = self.documents.get(change.key)
            if held is None or held["version"] < change.version:
                self.documents[change.key] = change.document
        return []

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        for partition, (before, after) in moves.items():
            if self._offsets.get((log, partition)) not in {before, after}:
                raise OffsetMoved(f"the stored offset of partition {partition} is not ours")
            self._offsets[log, partition] = after

    def lose_everything(self) -> None:
        """Be like a store whose index was deleted."""
        self.documents.clear()
        self._offsets.clear()
