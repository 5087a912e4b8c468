"""Look every second: the configuration is ours, everything runs, and what failed starts again.

Connect does not do this itself: a connector says RUNNING while its task is FAILED for good, for
instance after an orderly restart of MySQL (Debezium 3.6.1).
"""

import asyncio
import time
from collections.abc import Mapping

import structlog
from prometheus_client import Counter, Gauge

from chassis.lifecycle import every
from chassis.problems import Unavailable
from connector_supervisor.kafka_connect import Connector, Part, Refused

EVERY = 1.0  # seconds between two looks
PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds until the next restart; the last one again and again
STEADY = 60.0  # seconds without a failure, after which the pauses begin anew

RUNNING = Gauge(
    "connector_running",
    "1 while this part of the connector runs; 0 also where Connect tells nothing of it.",
    ["part"],
)
RESTARTS = Counter("connector_restarts_total", "Restarts of what had failed.")

log = structlog.get_logger()


class Supervisor:
    """A component; ready while the connector and all of its tasks run.

    A part that somebody paused or stopped is left so, and said to be not ready.
    """

    name = "connector"

    def __init__(self, connector: Connector, config: Mapping[str, str]) -> None:
        self._connector = connector
        self._config = dict(config)
        self._trouble: str | None = "not looked at yet"
        self._restarts = 0
        self._restarted_at = float("-inf")
        self._draining = asyncio.Event()

    async def ready(self) -> None:
        """Raise Unavailable with the reason while something does not run."""
        if self._trouble is not None:
            raise Unavailable(self._trouble)

    async def serve(self) -> None:
        async for _ in every(EVERY, self._draining):
            trouble = await self._look()
            if trouble != self._trouble:
                log.info("connector", trouble=trouble)
            self._trouble = trouble

    async def drain(self) -> None:
        self._draining.set()

    async def _look(self) -> str | None:
        """Put right what can be; say what is not running yet."""
        try:
            if await self._connector.config() != self._config:
                await self._connector.put(self._config)
                log.info("configuration put")
            parts = await self._connector.parts()
            await self._restart_failed(parts)
        except (Unavailable, Refused) as error:
            _export([])
            return str(error)
        _export(parts)
        if not parts:
            return "there is no task yet"
        stopped = [f"{p.name} is {p.state} {p.cause}" for p in parts if p.state != "RUNNING"]
        return "; ".join(stopped) or None

    async def _restart_failed(self, parts: list[Part]) -> None:
        failed = [part for part in parts if part.state == "FAILED"]
        since = time.monotonic() - self._restarted_at
        if not failed:
            if since > STEADY:
                self._restarts = 0
            return
        if since < PAUSES[min(self._restarts, len(PAUSES) - 1)]:
            return
        log.warning("restarting", failed=[f"{part.name}: {part.cause}" for part in failed])
        await self._connector.restart_failed()
        RESTARTS.inc()
        self._restarts += 1
        self._restarted_at = time.monotonic()


def _export(parts: list[Part]) -> None:
    RUNNING.clear()
    RUNNING.labels("connector").set(0)
    for part in parts:
        RUNNING.labels(part.name).set(part.state == "RUNNING")
