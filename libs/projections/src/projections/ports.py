"""Ports of a projector: records, changes, and the store of a view."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar


class Record(NamedTuple):
    """A raw message of the topic. A named tuple takes a third of the time to make."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    """None: a tombstone, for compaction only; the views learn of a deletion from an event."""


class Undecodable(Exception):
    """The record can never be applied: undecodable bytes or an invalid event."""


class OffsetMoved(Exception):
    """The stored offset is not this writer's: the store lost data, or has another writer."""


class Change(Protocol):
    """The change of a view that an event causes."""

    @property
    def key(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def occurred_at(self) -> datetime: ...


C = TypeVar("C", bound=Change)
S = TypeVar("S", bound=Change)
"""An event before it is turned into a change."""


@dataclass(frozen=True, slots=True)
class Projection(Generic[S, C]):
    """From a decoded record to a change of a view, in two pure steps.

    The second is taken for the newest event of each key of a batch only: half of the cost of an
    event is its response or document, which a newer event of the batch would replace.
    """

    read: Callable[[Mapping[str, Any]], S]
    """Return the event; raises Undecodable for an invalid one."""
    change: Callable[[S], C]
    """Return the change of the view; takes every event that `read` returns."""

    def __call__(self, record: Mapping[str, Any]) -> C:
        """Return the change for a record; raises Undecodable."""
        return self.change(self.read(record))


Offset = int | None
"""The next offset to read; None: nothing has been stored yet."""


@dataclass(frozen=True, slots=True)
class Rejected(Generic[C]):
    """A change that the store will never accept, and the reason."""

    change: C
    reason: str


class Views(Protocol[C]):
    """The store of a view, with the offsets beside the data.

    Every method raises chassis.problems.Unavailable when the store does not respond in time; the
    caller retries.
    """

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        """Return the next offset to read, for each of the partitions of the log with this id.

        A recreated topic is another log, for which nothing is stored yet.
        """

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        """Return the offsets to start reading from; stores 0 for partitions without an offset.

        From then on a missing offset means lost data. Otherwise a store that loses its first batch
        before the offset behind it is stored would accept that offset. Raises OffsetMoved.
        """

    async def apply(self, changes: Sequence[C]) -> list[Rejected[C]]:
        """Apply each change whose version is newer than the view's; the store decides atomically.

        At most one change per key. Raises OffsetMoved when the store lost its data.
        """

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        """Set partition offsets from the first value to the second.

        Raises OffsetMoved if the stored offset of a partition is not the first value.
        """


async def claim_whole(views: Views[Any], log: str, partitions: Collection[int]) -> dict[int, int]:
    """Implement Views.claim for a store with one offset per partition: it loses data as a whole."""
    held = await views.offsets(log, partitions)
    if fresh := {p: (at, 0) for p, at in held.items() if at is None}:
        await views.advance(log, fresh)
    return {partition: offset or 0 for partition, offset in held.items()}


Handle = Callable[[Sequence[Record]], Awaitable[None]]
"""Projector.handle."""
