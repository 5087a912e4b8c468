"""Poller of all programs' metrics, every two seconds while at least one page is open."""

import asyncio
import time
from collections.abc import Mapping

import aiohttp
import msgspec
import structlog

from chassis.pauses import pause
from console import system_status
from console.apis import read
from console.subscribers import Subscribers
from console.system_status import FreshnessWindow, Program, Samples, SystemStatus

EVERY = 2.0  # seconds between two polls
TIMEOUT = 1.5  # seconds for one; a program that takes longer is unavailable
PROJECTORS = ("redis-projector", "search-projector")
SUPERVISOR = "connector-supervisor"
CANARY = "canary"
log = structlog.get_logger()


class MetricsPoller:
    """Component that polls the admin ports; admin: program → URL of its admin port."""

    name = "metrics poller"

    def __init__(
        self, session: aiohttp.ClientSession, admin: Mapping[str, str], subscribers: Subscribers
    ) -> None:
        self._session = session
        self._admin = admin
        self._subscribers = subscribers
        self._windows = {name: FreshnessWindow() for name in PROJECTORS}

    async def serve(self) -> None:
        while await self._subscribers.arrival():
            self._subscribers.publish(msgspec.json.encode(await self._poll()))
            await pause(EVERY, self._subscribers.closed)

    async def drain(self) -> None:
        self._subscribers.close()

    async def _poll(self) -> SystemStatus:
        scraped = (*PROJECTORS, SUPERVISOR, CANARY)
        programs, samples = await asyncio.gather(
            asyncio.gather(*map(self._program, self._admin)),
            asyncio.gather(*map(self._samples, scraped)),
        )
        by_name = dict(zip(scraped, samples, strict=True))
        return SystemStatus(
            programs,
            [self._projector(name, by_name[name]) for name in PROJECTORS],
            system_status.connector(by_name[SUPERVISOR]),
            system_status.canary(by_name[CANARY], time.time()),
        )

    def _projector(self, name: str, samples: Samples | None) -> system_status.Projector:
        window = self._windows[name]
        freshness = window.add(time.monotonic(), samples) if samples else None
        return system_status.projector(name, samples, freshness)

    async def _program(self, name: str) -> Program:
        try:
            answer = msgspec.json.decode(await self._get(name, "/readyz"))
            failures: Mapping[str, str] = answer["failures"]
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError, KeyError) as error:
            return Program(name, "unavailable", str(error) or type(error).__name__)
        why = "; ".join(f"{part}: {reason}" for part, reason in failures.items())
        return Program(name, "not ready" if failures else "ready", why)

    async def _samples(self, name: str) -> Samples | None:
        """Return the samples of /metrics; None if the program is unavailable."""
        try:
            return system_status.parsed((await self._get(name, "/metrics")).decode())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.debug("no metrics", program=name, reason=repr(error))
            return None

    async def _get(self, name: str, path: str) -> bytes:
        async with (
            asyncio.timeout(TIMEOUT),
            self._session.get(self._admin[name] + path) as response,
        ):
            return await read(response)
