"""How many requests run, and waiting until none does: what both doors drain by."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class InFlight:
    """Counts what runs between the beginning and the end of each request."""

    def __init__(self) -> None:
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One request, while the block runs."""
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def end(self) -> None:
        """Return as soon as nothing runs; the caller bounds the wait."""
        await self._idle.wait()
