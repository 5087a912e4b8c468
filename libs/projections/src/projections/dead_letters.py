"""Records that can never be applied: where a projector puts them, and an operator takes them."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from projections.ports import Handle, Record

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: its own offset, and the record as the projector met it.

    Not escaped; another program than ours may have written it, without our headers.
    """

    offset: int
    record: Record
    reason: str
    failed_at: str
    """RFC 3339, UTC; UNKNOWN where the letter does not say."""


class DeadLetters(Protocol):
    """Where records go that can never be applied."""

    async def put(self, letters: Sequence[tuple[Record, str]]) -> None:
        """Keep each record with its reason; raises Unavailable. A second call may repeat one."""


class DeadLetterQueue(Protocol):
    """What DeadLetters has put; every method raises Unavailable."""

    async def count(self) -> int:
        """How many letters there are."""

    def letters(self) -> AsyncIterator[Letter]:
        """What is there now, oldest first."""

    async def replay(self, handle: Handle) -> int:
        """Give each letter to the projection once more; how many there were.

        Those that still cannot be applied are dead letters again, at the end.
        """

    async def discard(self, unwanted: Collection[int]) -> int:
        """Drop the letters with these offsets for good: how many there were.

        Letters before the last of them may get new offsets.
        """
