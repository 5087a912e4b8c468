"""Freshness under steady load: delay until query-api and search-api show a new user.

The clock starts when the response to the create arrives. Users of one second share a last name, so
that a few searches per second find them all and the measurement does not become the load.
"""

import argparse
import asyncio
import re
import string
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import uvloop

from chassis.process.interrupts import interruptible
from loadtest import report
from local_stack.addresses import Addresses, load

SEARCH_EVERY = 0.05  # seconds between two polls of one group
FINDABLE = 100  # users that one search returns; at a higher rate search-api is not measured
GIVE_UP = 60.0  # seconds after the last create


@dataclass
class Run:
    """Measurements: seconds from the response to the create, by user id."""

    stack: Addresses
    session: aiohttp.ClientSession
    created: dict[str, float] = field(default_factory=dict)
    create_times: list[float] = field(default_factory=list)
    in_query: list[float] = field(default_factory=list)
    in_search: list[float] = field(default_factory=list)

    def rows(self) -> dict[str, list[float]]:
        """Return the rows of the report."""
        rows = {"create answered": self.create_times, "created → in query-api": self.in_query}
        return rows | ({"created → in search-api": self.in_search} if self.in_search else {})

    async def one(self, last_name: str) -> str:
        """Create one user and wait for it in query-api."""
        started = time.perf_counter()
        names = {"first_name": "Bench", "last_name": last_name}
        url = f"{self.stack.http['command-api']}/user"
        async with self.session.post(url, json=names) as response:
            response.raise_for_status()
            user: str = (await response.json())["id"]
        created = self.created[user] = time.perf_counter()
        self.create_times.append(created - started)
        url = f"{self.stack.http['query-api']}/user/{user}?min_version=1"
        while True:
            async with self.session.get(url) as response:
                if response.status == 200:  # noqa: PLR2004 - HTTP
                    self.in_query.append(time.perf_counter() - created)
                    return user

    async def group(self, rate: int, started: float) -> None:
        """Create the users of one second, evenly spread, and wait for them in search-api."""
        last_name = "Bench" + "".join(
            string.ascii_lowercase[int(digit, 16)] for digit in uuid.uuid4().hex[:16]
        )
        async with asyncio.TaskGroup() as tasks:
            if rate <= FINDABLE:
                tasks.create_task(self._search(last_name, rate))
            for number in range(rate):
                await asyncio.sleep(max(0, started + number / rate - time.perf_counter()))
                tasks.create_task(self.one(last_name))

    async def _search(self, last_name: str, expected: int) -> None:
        seen: set[str] = set()
        params = {"q": last_name, "limit": "100"}
        url = f"{self.stack.http['search-api']}/user/search"
        while len(seen) < expected:
            await asyncio.sleep(SEARCH_EVERY)
            async with self.session.get(url, params=params) as response:
                response.raise_for_status()
                found = {user["id"] for user in await response.json()}
            now = time.perf_counter()
            for user in (found - seen) & self.created.keys():
                self.in_search.append(now - self.created[user])
                seen.add(user)


async def lag(stack: Addresses, session: aiohttp.ClientSession) -> int:
    """Return the records that either projector has not processed yet, from its metrics."""
    total = 0.0
    for projector in ("redis-projector", "search-projector"):
        async with session.get(f"{stack.admin[projector]}/metrics") as response:
            metrics = await response.text()
        lags = re.findall(r"^projector_lag_records{.*} (\S+)", metrics, re.MULTILINE)
        total += sum(map(float, lags))
    return int(total)


async def measure(stack: Addresses, rate: int, seconds: int) -> Run:
    """Create rate users per second and wait until each is visible in both views."""
    timeout = aiohttp.ClientTimeout(total=GIVE_UP)
    connector = aiohttp.TCPConnector(limit=1000)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        run = Run(stack, session)
        started = time.perf_counter()
        async with asyncio.timeout(seconds + GIVE_UP), asyncio.TaskGroup() as tasks:
            for second in range(seconds):
                await asyncio.sleep(max(0, started + second - time.perf_counter()))
                tasks.create_task(run.group(rate, started + second))
        async with asyncio.timeout(GIVE_UP):
            while left := await lag(stack, session):
                print(f"lag {left}")
                await asyncio.sleep(1)
    return run


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50, help="creates per second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    at_rest = report.resident(wanted.instance)
    run = uvloop.run(measure(load(wanted.instance), wanted.rate, wanted.seconds))
    now = datetime.now(UTC)
    title = f"{wanted.rate} creates per second for {wanted.seconds} s"
    text = report.render(title, now, run.rows(), at_rest)
    print(text)
    path = Path(__file__).parent / "results" / f"freshness-{now:%Y-%m-%d}-{wanted.rate}.md"
    path.write_text(text)


if __name__ == "__main__":
    main()
