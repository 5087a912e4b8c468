"""The offsets stored beside a view's data, as claimed and advanced by a consumer."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from projections.ports import Offset, Views

Moves = Mapping[int, tuple[Offset, int]]


class StoredOffsets:
    """The expected offsets in the store, which are authoritative over those committed to Kafka."""

    _views: Views[Any]

    def __init__(self) -> None:
        self._log_id = ""  # of the log that is read
        self.by_partition: dict[int, int] = {}

    async def claim(self, views: Views[Any], log_id: str, partitions: list[int]) -> None:
        """Claim the offsets of these partitions in a view; drop all others."""
        self._views, self._log_id = views, log_id
        self.by_partition = await views.claim(log_id, partitions)

    def moves(self, fetched: Mapping[TopicPartition, Sequence[Any]]) -> Moves:
        """Return for each partition its stored offset, and the offset after the fetched records."""
        return {
            tp.partition: (self.by_partition[tp.partition], messages[-1].offset + 1)
            for tp, messages in fetched.items()
        }

    async def advance(self, moves: Moves) -> None:
        """Store the offsets after a batch; raises OffsetMoved."""
        await self._views.advance(self._log_id, moves)
        self.by_partition |= {partition: after for partition, (_, after) in moves.items()}

    async def held(self) -> Mapping[int, Offset]:
        """Return the offsets now in the store, which may have lost some."""
        return await self._views.offsets(self._log_id, list(self.by_partition))
