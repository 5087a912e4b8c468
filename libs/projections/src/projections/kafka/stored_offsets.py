"""The offsets beside the data of a view, as a consumer has claimed and advanced them."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from projections.ports import Offset, Views

Moves = Mapping[int, tuple[Offset, int]]


class StoredOffsets:
    """What the store should hold; it counts, not what is committed to Kafka."""

    _views: Views[Any]

    def __init__(self) -> None:
        self._log_id = ""  # of the log that is read
        self.by_partition: dict[int, int] = {}

    async def claim(self, views: Views[Any], log_id: str, partitions: list[int]) -> None:
        """Read the offsets of these partitions in a view, and of no others from now on."""
        self._views, self._log_id = views, log_id
        self.by_partition = await views.claim(log_id, partitions)

    def moves(self, fetched: Mapping[TopicPartition, Sequence[Any]]) -> Moves:
        """From the stored offset of each partition to the one after what was fetched."""
        return {
            tp.partition: (self.by_partition[tp.partition], messages[-1].offset + 1)
            for tp, messages in fetched.items()
        }

    async def advance(self, moves: Moves) -> None:
        """Store the offsets after a batch; raises OffsetMoved."""
        await self._views.advance(self._log_id, moves)
        self.by_partition |= {partition: after for partition, (_, after) in moves.items()}

    async def held(self) -> Mapping[int, Offset]:
        """What the store holds now, which may have lost some."""
        return await self._views.offsets(self._log_id, list(self.by_partition))
