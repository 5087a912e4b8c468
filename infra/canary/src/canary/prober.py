"""Repeated probes, and the time of the last success."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import structlog
from prometheus_client import Counter, Gauge

from chassis import pauses

PROBES = Counter("canary_probes_total", "Probes by outcome.", ["outcome"])
LAST_SUCCESS = Gauge(
    "canary_last_success_timestamp_seconds",
    "Unix time of the last successful probe; before the first success: of the canary's start.",
)
log = structlog.get_logger()


class Prober:
    """Component that repeats a probe; every and within are in seconds."""

    name = "prober"

    def __init__(self, probe: Callable[[], Awaitable[None]], every: float, within: float) -> None:
        self._probe = probe
        self._every = every
        self._within = within
        self._draining = asyncio.Event()

    async def serve(self) -> None:
        LAST_SUCCESS.set_to_current_time()
        for outcome in ("ok", "failed"):
            PROBES.labels(outcome)
        async for _ in pauses.every(self._every, self._draining):
            await self._once()

    async def drain(self) -> None:
        self._draining.set()

    async def _once(self) -> None:
        try:
            async with asyncio.timeout(self._within):
                await self._probe()
        except (aiohttp.ClientError, TimeoutError) as error:
            PROBES.labels("failed").inc()
            log.warning("probe failed", reason=repr(error))
        else:
            PROBES.labels("ok").inc()
            LAST_SUCCESS.set_to_current_time()
