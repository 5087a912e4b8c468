"""A probe: a user is created, read from both views and deleted through the public APIs."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from prometheus_client import Histogram

POLL_EVERY = 0.05  # seconds between two polls of a view
LETTERS = 12  # of the last name: unique, and the CPU of a search grows with its word
VISIBLE = Histogram(
    "canary_visible_seconds",
    "Time from the response to a create until a view shows the user.",
    ["view"],
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 1.5, 2.5, 5, 10),
)


@dataclass(frozen=True, slots=True)
class Apis:
    """Clients of the three APIs."""

    session: aiohttp.ClientSession
    command: str
    query: str
    search: str

    async def probe(self) -> None:
        """Create a user, see it in both views, delete it.

        Raises aiohttp.ClientError when an API rejects a request. The caller limits the wait; when
        that time is over, the user is still deleted if possible.
        """
        last_name = uuid.uuid4().hex[:LETTERS].translate(str.maketrans("0123456789", "ghijklmnop"))
        names = {"first_name": "Canary", "last_name": last_name}
        async with self.session.post(f"{self.command}/user", json=names) as response:
            response.raise_for_status()
            user: str = (await response.json())["id"]
        try:
            await asyncio.gather(
                _until("query", lambda: self._is_listed(user)),
                _until("search", lambda: self._is_found(last_name)),
            )
        finally:
            async with self.session.delete(f"{self.command}/user/{user}") as response:
                response.raise_for_status()

    async def _is_listed(self, user: str) -> bool:
        async with self.session.get(f"{self.query}/user/{user}") as response:
            return response.ok

    async def _is_found(self, last_name: str) -> bool:
        async with self.session.get(f"{self.search}/user/search?q={last_name}") as response:
            return response.ok and bool(await response.json())


async def _until(view: str, is_visible: Callable[[], Awaitable[bool]]) -> None:
    began = time.perf_counter()
    while True:
        if await is_visible():
            VISIBLE.labels(view).observe(time.perf_counter() - began)
            return
        await asyncio.sleep(POLL_EVERY)
