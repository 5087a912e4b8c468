"""A view in memory for the tests of projections, and what its records are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chassis.problems import Unavailable
from projections.projector import (
    Offset,
    OffsetMoved,
    Rejected,
    Undecodable,
    claim_whole,
)


@dataclass(frozen=True, slots=True)
class Put:
    key: str
    version: int
    occurred_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Shelf:
    """A view in memory, with its offsets, that can be away or lose everything."""

    kept: dict[str, int] = field(default_factory=dict)
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    is_away: bool = False
    applied: int = 0

    def lose_everything(self) -> None:
        """Be like a store whose data was deleted."""
        self.kept.clear()
        self.positions.clear()

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("shelf is away")

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        self._answer()
        return {partition: self.positions.get((log, partition)) for partition in partitions}

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        return await claim_whole(self, log, partitions)

    async def apply(self, changes: Sequence[Put]) -> list[Rejected[Put]]:
        self._answer()
        for change in changes:
            self.applied += 1
            self.kept[change.key] = max(change.version, self.kept.get(change.key, 0))
        return []

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        self._answer()
        for partition, (before, after) in moves.items():
            if self.positions.get((log, partition)) != before:
                raise OffsetMoved(f"partition {partition}")
            self.positions[log, partition] = after


async def decode(payload: bytes) -> Mapping[str, Any]:
    if payload.startswith(b"poison"):
        raise Undecodable("it is poison")
    key, version = payload.decode().split("@")
    return {"key": key, "version": int(version)}
