"""Load balancer of a service's replicas: ready ones, and another one if refused."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

POLL_EVERY = 0.2  # seconds between two polls of /readyz; replicas drain for longer than that


@dataclass(slots=True)
class Replica:
    """Address of a service's process."""

    http: str
    grpc: str
    admin: str
    is_ready: bool = True


class Balancer:
    """Order in which replicas are tried, different each time."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.replicas = replicas
        self.refused_while_ready = 0

    def note_refusal(self, replica: Replica) -> None:
        """Note that a replica has refused a connection, or a call before it began."""
        self.refused_while_ready += replica.is_ready

    def order(self) -> list[Replica]:
        """Return the ready replicas; all if none is ready."""
        ready = [one for one in self.replicas if one.is_ready] or list(self.replicas)
        return random.sample(ready, len(ready))

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Poll readiness while the block runs."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as session:
            tasks = [asyncio.create_task(self._watch(session, one)) for one in self.replicas]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                for one in self.replicas:
                    one.is_ready = True

    async def _watch(self, session: aiohttp.ClientSession, replica: Replica) -> None:
        while True:
            try:
                async with session.get(f"{replica.admin}/readyz") as response:
                    replica.is_ready = response.status == 200
            except (aiohttp.ClientError, TimeoutError):
                replica.is_ready = False
            await asyncio.sleep(POLL_EVERY)
