"""Dead-letter queue in memory; it passes the conformance suite."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime

from projections.dead_letters import DeadLetter
from projections.ports import Handle, Record


class MemoryDeadLetters:
    """Implements projections.dead_letters.DeadLetters and projections.dead_letters.DeadLetterQueue.

    `held`: the dead letters, oldest first.
    """

    def __init__(self) -> None:
        self.held: list[DeadLetter] = []
        self._next = 0

    async def put(self, dead_letters: Sequence[tuple[Record, str]]) -> None:
        for record, reason in dead_letters:
            self.held.append(DeadLetter(self._next, record, reason, datetime.now(UTC).isoformat()))
            self._next += 1

    async def count(self) -> int:
        return len(self.held)

    async def dead_letters(self) -> AsyncIterator[DeadLetter]:
        for dead_letter in self.held.copy():
            yield dead_letter

    async def replay(self, handle: Handle) -> int:
        taken = self.held.copy()
        if taken:
            await handle([dead_letter.record for dead_letter in taken])
        self.held = self.held[len(taken) :]
        return len(taken)

    async def discard(self, unwanted: Collection[int]) -> int:
        before = len(self.held)
        self.held = [dead_letter for dead_letter in self.held if dead_letter.offset not in unwanted]
        return before - len(self.held)
