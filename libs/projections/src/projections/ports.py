"""What the parts of a projector are to each other: records, changes, and the store of a view."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Record:
    """One message of the log, as it came."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    """None: a tombstone, which tells the log to forget; the views are told by an event."""


class Undecodable(Exception):
    """The record can never be applied: unreadable bytes or an impossible event."""


class OffsetMoved(Exception):
    """The stored offset is not where this writer left it: data was lost, or it has a new owner."""


class Change(Protocol):
    """What an event does to a view."""

    @property
    def key(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def occurred_at(self) -> datetime: ...


C = TypeVar("C", bound=Change)
Offset = int | None
"""The next offset to read; None: nothing has been stored yet."""


@dataclass(frozen=True, slots=True)
class Rejected(Generic[C]):
    """A change that the store will never take, and why."""

    change: C
    reason: str


class Views(Protocol[C]):
    """The store of a view, with the offsets beside the data.

    Every method raises chassis.problems.Unavailable when the store does not answer in time; the
    caller tries again.
    """

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        """The next offset to read, for each of the partitions of the log with this id.

        A topic that was made anew is another log, of which nothing has been stored yet.
        """

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        """The offsets from which the caller reads from now on; 0 is stored where nothing was.

        From then on "nothing is stored" means lost data: a store that loses its first batch before
        the offset behind it is stored would else take that offset. Raises OffsetMoved.
        """

    async def apply(self, changes: Sequence[C]) -> list[Rejected[C]]:
        """Apply each change whose version is newer than the view's; the store decides atomically.

        At most one change per key. Raises OffsetMoved when the store lost its data.
        """

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        """Set partition offsets from the first value to the second.

        Raises OffsetMoved, for any partition whose stored offset is not the first value.
        """


async def claim_whole(views: Views[Any], log: str, partitions: Collection[int]) -> dict[int, int]:
    """Views.claim of a store that keeps one offset a partition, since it loses data as a whole."""
    held = await views.offsets(log, partitions)
    if fresh := {p: (at, 0) for p, at in held.items() if at is None}:
        await views.advance(log, fresh)
    return {partition: offset or 0 for partition, offset in held.items()}


Handle = Callable[[Sequence[Record]], Awaitable[None]]
"""Projector.handle."""
