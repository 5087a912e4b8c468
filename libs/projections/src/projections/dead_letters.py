"""Records that can never be applied: where a projector puts them, and an operator takes them."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from projections.ports import Handle, Record

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: its own offset, and the record as the projector received it.

    Not escaped; another program may have written it, without our headers.
    """

    offset: int
    record: Record
    reason: str
    failed_at: str
    """RFC 3339, UTC; UNKNOWN without the header."""


class DeadLetters(Protocol):
    """The dead-letter queue: takes records that can never be applied."""

    async def put(self, letters: Sequence[tuple[Record, str]]) -> None:
        """Store each record with its reason; raises Unavailable. A retry may duplicate records."""


class DeadLetterQueue(Protocol):
    """What DeadLetters has put; every method raises Unavailable."""

    async def count(self) -> int:
        """Return the number of dead letters."""

    def letters(self) -> AsyncIterator[Letter]:
        """Yield the current dead letters, oldest first."""

    async def replay(self, handle: Handle) -> int:
        """Pass each dead letter to the projector again; return how many there were.

        Those that fail again are appended as new dead letters.
        """

    async def discard(self, unwanted: Collection[int]) -> int:
        """Drop the letters with these offsets for good: how many there were.

        Letters before the last of them may get new offsets.
        """
