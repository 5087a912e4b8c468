"""In-flight requests: wait for them to finish, or cancel them."""

import asyncio
from typing import cast

from prometheus_client import Gauge

RUNNING = Gauge("requests_in_flight", "Requests in flight.", ["protocol"])


class InFlight:
    """Counts running blocks: `with in_flight:` around each request of a protocol."""

    def __init__(self, protocol: str) -> None:
        self._running: set[asyncio.Task[object]] = set()
        RUNNING.labels(protocol).set_function(lambda: len(self._running))
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> None:
        self._running.add(_this_task())
        self._idle.clear()

    def __exit__(self, *_: object) -> None:
        self._running.discard(_this_task())
        if not self._running:
            self._idle.set()

    async def end(self) -> None:
        """Return when no request is in flight; the caller bounds the wait."""
        await self._idle.wait()

    def cancel(self) -> int:
        """Cancel all in-flight requests; return how many there were."""
        for task in self._running:
            task.cancel()
        return len(self._running)


def _this_task() -> "asyncio.Task[object]":
    return cast("asyncio.Task[object]", asyncio.current_task())
