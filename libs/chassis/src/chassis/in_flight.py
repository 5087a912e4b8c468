"""How many requests run, and waiting until none does: what both doors drain by."""

import asyncio
from types import TracebackType

from prometheus_client import Gauge

RUNNING = Gauge("requests_in_flight", "Requests that run just now.", ["protocol"])


class InFlight:
    """Counts the blocks that run: `with in_flight:` around each request of a protocol."""

    def __init__(self, protocol: str) -> None:
        self._running = 0
        RUNNING.labels(protocol).set_function(lambda: self._running)
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> None:
        self._running += 1
        self._idle.clear()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._running -= 1
        if not self._running:
            self._idle.set()

    async def end(self) -> None:
        """Return as soon as nothing runs; the caller bounds the wait."""
        await self._idle.wait()
