"""An in-memory view for tests of projections, and its records."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from chassis.problems import Unavailable
from projections.memory.views import MemoryViews
from projections.ports import Offset, Projection, Rejected, Undecodable


@dataclass(frozen=True, slots=True)
class Put:
    key: str
    version: int
    occurred_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


PROJECTION = Projection(lambda event: Put(**event), lambda put: put)
"""Of the records that `decode` returns."""


class FakeView(MemoryViews[Put, int]):
    """MemoryViews of versions, of a store that can be unavailable or reject a key.

    `batches` are the changes of each call of apply() that was answered.
    """

    def __init__(self, *, is_unavailable: bool = False, refuses: str = "") -> None:
        super().__init__(attrgetter("version"))
        self.is_unavailable = is_unavailable
        self.refuses = refuses
        self.batches: list[Sequence[Put]] = []

    def _answer(self) -> None:
        if self.is_unavailable:
            raise Unavailable("the view is unavailable")

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        self._answer()
        return await super().offsets(log, partitions)

    async def apply(self, changes: Sequence[Put]) -> list[Rejected[Put]]:
        self._answer()
        self.batches.append(changes)
        await super().apply([change for change in changes if change.key != self.refuses])
        return [Rejected(change, "refused") for change in changes if change.key == self.refuses]

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        self._answer()
        await super().advance(log, moves)


async def decode(payload: bytes) -> Mapping[str, Any]:
    if payload.startswith(b"poison"):
        raise Undecodable("invalid record")
    key, version = payload.decode().split("@")
    return {"key": key, "version": int(version)}
