"""Dead letters: records that can never be applied, and the ports of their queue."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from projections.ports import Handle, Record

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeadLetter:
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

    async def put(self, dead_letters: Sequence[tuple[Record, str]]) -> None:
        """Store each record with its reason; raises Unavailable. A retry may duplicate records."""


class DeadLetterQueue(Protocol):
    """The operator's side of a dead-letter queue; every method raises Unavailable."""

    async def count(self) -> int:
        """Return the number of dead letters."""

    def dead_letters(self) -> AsyncIterator[DeadLetter]:
        """Yield the current dead letters, oldest first."""

    async def replay(self, handle: Handle) -> int:
        """Pass each dead letter to the projector again; return how many there were.

        Those that fail again are appended as new dead letters.
        """

    async def discard(self, unwanted: Collection[int]) -> int:
        """Delete the dead letters with these offsets permanently; return how many there were.

        Dead letters before the last of them may get new offsets.
        """
