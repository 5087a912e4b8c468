"""Open pages, and the newest status for all of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property

from chassis.limits.concurrency import ConcurrencyLimit

MAX_PAGES = 64  # each costs a connection and a write every two seconds; at most half per client


class Subscribers:
    """Newest status without a queue: a slow page skips statuses instead of queueing them."""

    def __init__(self) -> None:
        self.pages = 0
        self.closed = asyncio.Event()
        self._newest: tuple[int, bytes] = (0, b"")
        self._news = asyncio.Event()
        self._arrived = asyncio.Event()

    @cached_property
    def _limit(self) -> ConcurrencyLimit:
        return ConcurrencyLimit("pages", MAX_PAGES)

    @contextmanager
    def page(self) -> Iterator[None]:
        """Register an open page while the block runs.

        Raises TooManyRequests or Unavailable when its client, or all clients, have too many.
        """
        with self._limit.slot_at_once():
            self.pages += 1
            self._arrived.set()
            try:
                yield
            finally:
                self._left()

    def _left(self) -> None:
        self.pages -= 1
        if not self.pages and not self.closed.is_set():
            self._arrived.clear()
            self._newest = (self._newest[0], b"")  # stale when the next page opens

    async def arrival(self) -> bool:
        """Wait until a page is open; return False once this is closed."""
        await self._arrived.wait()
        return not self.closed.is_set()

    def publish(self, status: bytes) -> None:
        """Send this status to every open page."""
        self._newest = (self._newest[0] + 1, status)
        self._turn()

    async def after(self, number: int, within: float) -> tuple[int, bytes]:
        """Return a status newer than that number, and its number; empty after `within` seconds.

        Empty also once this is closed.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not self.closed.is_set():
                    if self._newest[0] > number and self._newest[1]:
                        return self._newest
                    await self._news.wait()
        return number, b""

    def close(self) -> None:
        """End every page's stream and the poller; may be called again."""
        self.closed.set()
        self._arrived.set()
        self._turn()

    def _turn(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
