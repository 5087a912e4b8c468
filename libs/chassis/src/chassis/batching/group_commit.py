"""Concurrent writes share a transaction: one statement, one fsync, an outcome for each.

Rows that arrive while a transaction commits are queued for the next one. So nothing waits without
load, and under load one commit serves all rows that arrived meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from prometheus_client import Histogram

from chassis.problems import Unavailable

MOST_WAITING = 10_000  # about 5 MB, and more than a second's worth
BATCH = Histogram(
    "event_store_batch_events",
    "Events stored in one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)

R = TypeVar("R")
Outcome = Exception | None
Write = Callable[[Sequence[R]], Awaitable[Sequence[Outcome]]]


class GroupCommit(Generic[R]):
    """One writer, as a component; list it before its callers, so that it is drained after them."""

    name = "group commit"

    def __init__(self, write: Write[R], largest: int, max_wait: float) -> None:
        """write: stores at most `largest` rows and returns the outcome of each, in order.

        An exception is the outcome of all rows. max_wait: seconds that a row may be queued.
        """
        self._write = write
        self._largest = largest
        self._max_wait = max_wait
        self._waiting: deque[tuple[R, asyncio.Future[None], float]] = deque()
        self._arrived = asyncio.Event()
        self._is_draining = False

    async def put(self, row: R) -> None:
        """Return once the row is stored; raises its outcome.

        Raises Unavailable, with nothing stored, when the queue is full or the row was queued for
        too long. The second is checked whenever a write ends, so the write's timeout bounds it and
        no row needs its own timer. A caller that is cancelled while queued stores nothing, either.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable(f"the write queue is full ({MOST_WAITING} waiting)")
        loop = asyncio.get_running_loop()
        stored = loop.create_future()
        self._waiting.append((row, stored, loop.time() + self._max_wait))
        self._arrived.set()
        try:
            await stored
        finally:
            del stored  # an error refers to this frame: avoid a reference cycle

    async def serve(self) -> None:
        while self._waiting or not self._is_draining:
            await self._arrived.wait()
            await self._settle(self._next_batch())

    async def drain(self) -> None:
        self._is_draining = True
        self._arrived.set()

    def _next_batch(self) -> deque[tuple[R, "asyncio.Future[None]"]]:
        batch: deque[tuple[R, asyncio.Future[None]]] = deque()
        now = asyncio.get_running_loop().time()
        while self._waiting and len(batch) < self._largest:
            row, stored, end = self._waiting.popleft()
            if stored.done():
                continue  # its caller was cancelled
            if now > end:
                stored.set_exception(Unavailable(f"not written within {self._max_wait} s"))
            else:
                batch.append((row, stored))
        if not self._waiting and not self._is_draining:
            self._arrived.clear()
        return batch

    async def _settle(self, batch: deque[tuple[R, "asyncio.Future[None]"]]) -> None:
        if not batch:
            return
        outcomes = deque(await self._outcomes([row for row, _ in batch]))
        BATCH.observe(len(batch))
        while batch:
            # Both are emptied: from CPython 3.13 on, the frames of an error refer to this one.
            _finish(batch.popleft()[1], outcomes.popleft())

    async def _outcomes(self, rows: Sequence[R]) -> Sequence[Outcome]:
        try:
            return await self._write(rows)
        except Unavailable as problem:
            return [Unavailable(problem.detail) for _ in rows]
        except Exception as error:  # noqa: BLE001 - each caller reports it with its own trace id
            return [error for _ in rows]


def _finish(stored: "asyncio.Future[None]", outcome: Outcome) -> None:
    if stored.done():
        return  # its caller was cancelled
    if outcome is None:
        stored.set_result(None)
    else:
        stored.set_exception(outcome)
