"""Detection of rows that may never have been published, and their replay.

A row that the connector cannot read is never published once it was skipped, whether by altered
offsets or because rows were written in a format that it ignores. Until the next snapshot the views
may lack a change; they would keep an erased user.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Gauge

from chassis.pauses import every
from chassis.problems import Unavailable
from connector_supervisor.capture_check import CaptureCheck
from connector_supervisor.schema_history import SchemaHistory
from connector_supervisor.supervisor import Supervisor

EVERY = 1.0  # seconds between two checks
STEADY = 15.0  # seconds; a task that cannot read its next row fails within one
GAP = Gauge("connector_gap", "1 while events may be missing on the topic, until they are replayed.")
log = structlog.get_logger()


class Gap:
    """Component; ready unless events may be missing on the topic."""

    name = "gap"

    def __init__(
        self,
        supervisor: Supervisor,
        check: CaptureCheck,
        history: SchemaHistory,
        replay: Callable[[], Awaitable[int]],
    ) -> None:
        self._supervisor = supervisor
        self._check = check
        self._history = history
        self._replay = replay
        self._reason: str | None = None
        self._snapshots = 0
        self._steady_since = time.monotonic()
        self._draining = asyncio.Event()

    async def ready(self) -> None:
        """Raise Unavailable with the reason while events may be missing."""
        if self._reason:
            raise Unavailable(
                f"events may be missing: {self._reason}; they are replayed when the connector runs"
            )

    async def serve(self) -> None:
        GAP.set(0)
        async for _ in every(EVERY, self._draining):
            causes = self._causes()
            if causes:
                self._open(causes[0])
            if self._reason and not causes:
                await self._close()

    async def drain(self) -> None:
        self._draining.set()

    def _causes(self) -> list[str]:
        """Return why rows are currently not published."""
        settings = [str(f) for f in self._check.findings if f.requirement.loses_events]
        return [*settings, *self._supervisor.unreadable]

    def _open(self, reason: str) -> None:
        if self._reason is None:
            self._snapshots = self._history.snapshots
            log.warning("gap opened", reason=reason)
        self._reason = reason
        self._steady_since = time.monotonic()
        GAP.set(1)

    async def _close(self) -> None:
        """Close the gap if a snapshot was taken, or request one if the connector runs."""
        if self._history.snapshots > self._snapshots:
            self._closed("a snapshot was taken")
        elif not self._supervisor.runs or self._check.mismatches:
            self._steady_since = time.monotonic()
        elif time.monotonic() - self._steady_since > STEADY:
            try:
                records = await self._replay()
            except Unavailable as error:
                log.warning("replay failed", reason=str(error))
                self._steady_since = time.monotonic()
            else:
                self._closed(f"{records} records were replayed")

    def _closed(self, how: str) -> None:
        log.info("gap closed", how=how, reason=self._reason)
        self._reason = None
        GAP.set(0)
