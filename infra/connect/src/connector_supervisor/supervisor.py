"""Supervision: every second, check configuration and tasks; restart failed and unassigned ones.

Connect does not do this: it reports a connector as RUNNING while its task stays FAILED, for
instance after a clean restart of MySQL (Debezium 3.6.1).
"""

import asyncio
import time
from collections.abc import Mapping

import structlog

from chassis.pauses import every
from chassis.problems import Unavailable
from connector_supervisor.connector_metrics import RESTARTS, export_causes, export_parts
from connector_supervisor.failure_causes import Cause, explained
from connector_supervisor.kafka_connect import Connector, Part, Refused
from connector_supervisor.known_failures import Healing
from connector_supervisor.unassigned_parts import UnassignedParts

EVERY = 1.0  # seconds between two polls
PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds until the next restart; the last one repeats
SLOWLY = 60.0  # seconds between restarts that do not help, in case the cause was removed meanwhile
STEADY = 60.0  # seconds without a failure, after which the pauses start over

log = structlog.get_logger()


class Supervisor:
    """Component; ready while the connector and all of its tasks run.

    A part that an operator paused or stopped stays so, and is reported as not ready.
    """

    name = "connector"

    def __init__(self, connector: Connector, config: Mapping[str, str]) -> None:
        self._connector = connector
        self._config = dict(config)
        self._trouble: str | None = "not polled yet"
        self._causes: list[Cause] = []
        self._restarts = 0
        self._restarted_at = float("-inf")
        self._unassigned = UnassignedParts()
        self._draining = asyncio.Event()

    @property
    def runs(self) -> bool:
        """Return whether the connector and all of its tasks ran at the last poll."""
        return self._trouble is None

    @property
    def unreadable(self) -> list[str]:
        """Return why the connector fails at rows that only a snapshot can publish."""
        return [one.sentence for one in self._causes if one.healing is Healing.SNAPSHOT]

    async def ready(self) -> None:
        """Raise Unavailable with the reason while a part is not running."""
        if self._trouble is not None:
            raise Unavailable(self._trouble)

    async def serve(self) -> None:
        async for _ in every(EVERY, self._draining):
            trouble = await self._poll()
            if trouble != self._trouble:
                log.info("connector state changed", trouble=trouble)
            self._trouble = trouble

    async def drain(self) -> None:
        self._draining.set()

    async def _poll(self) -> str | None:
        """Fix what can be fixed; return what is not running yet."""
        try:
            await self._configure()
            parts = await self._connector.parts()
            await self._restart_failed(parts)
            await self._restart_unassigned(parts)
        except Unavailable as error:
            self._unassigned.forget_times()
            export_parts([])
            return str(error)
        except Refused as error:
            export_parts([])
            return self._refused(str(error))
        export_parts(parts)
        if not parts:
            return "there is no task yet"
        return "; ".join(str(part) for part in parts if part.state != "RUNNING") or None

    async def _configure(self) -> None:
        if await self._connector.config() != self._config:
            await self._connector.put(self._config)
            log.info("connector configured")
            self._restarted_at = float("-inf")

    def _refused(self, message: str) -> str:
        """Return the error in the configuration, which Connect validates against MySQL."""
        cause = explained(message)
        export_causes([cause])
        return f"Kafka Connect rejects the configuration: {cause.sentence}"

    async def _restart_failed(self, parts: list[Part]) -> None:
        failed = [part for part in parts if part.state == "FAILED"]
        self._causes = [part.cause for part in failed if part.cause]
        since = time.monotonic() - self._restarted_at
        if not failed:
            if since > STEADY:
                self._restarts = 0
                export_causes([])
            return
        export_causes(self._causes)
        if since < self._pause():
            return
        log.warning("restarting connector parts", failed=[str(part) for part in failed])
        await self._connector.restart_failed()
        RESTARTS.inc()
        self._restarts += 1
        self._restarted_at = time.monotonic()

    async def _restart_unassigned(self, parts: list[Part]) -> None:
        overdue = self._unassigned.overdue(parts, time.monotonic())
        if not overdue:
            return
        names, bound = [part.name for part in overdue], self._unassigned.bound
        log.warning("restarting unassigned parts", parts=names, bound=bound)
        await self._connector.restart_all()
        RESTARTS.inc()
        self._unassigned.restarted()

    def _pause(self) -> float:
        """Return the seconds from the last restart to the next."""
        if any(cause.needs_operator for cause in self._causes):
            return SLOWLY
        return PAUSES[min(self._restarts, len(PAUSES) - 1)]
