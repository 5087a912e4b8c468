"""Retention of idempotency results that appended no event."""

import asyncio
from typing import Any

import structlog

from chassis.pauses import every
from chassis.problems import Problem
from eventstore.ports import EventStore

EVERY = 60.0  # seconds between two rounds
BATCH = 1000  # results deleted by one statement, which locks them for some milliseconds
log = structlog.get_logger()


class AnswerRetention:
    """Component that deletes expired results; several processes may do so concurrently."""

    name = "answer retention"

    def __init__(self, store: EventStore[Any], age: float, pause: float = EVERY) -> None:
        """age: minimum seconds to keep a result; pause: seconds between two rounds."""
        self._store = store
        self._age = age
        self._pause = pause
        self._stop = asyncio.Event()

    async def serve(self) -> None:
        async for _ in every(self._pause, self._stop):
            try:
                await self._round()
            except Problem as problem:  # the store is unavailable, or another process is pruning
                log.warning("idempotency results not pruned", reason=problem.kind)
            except Exception:
                log.exception("idempotency results not pruned")  # commands go on

    async def drain(self) -> None:
        self._stop.set()

    async def _round(self) -> None:
        while not self._stop.is_set():
            removed = await self._store.prune(self._age, BATCH)
            log.debug("idempotency results pruned", answers=removed)
            if removed < BATCH:
                return
