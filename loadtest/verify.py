"""view-verifier over all seeded users: its time and memory, without drift, and with seeded drift.

After `make up` and `make seed`. The drift: users removed from the view without the projector,
users with changed names, and users that never existed.
"""

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from opensearchpy import AsyncOpenSearch
from opensearchpy.helpers import async_bulk
from redis.asyncio import Redis

from chassis.process.interrupts import interruptible
from loadtest import report
from local_stack.addresses import Addresses, load
from projections.redis.layout import RedisLayout

LAYOUT = RedisLayout("users")

HERE, BIN = Path(__file__).parent, Path(sys.executable).parent
EACH = 500  # users of each kind of drift
Plant = Callable[[Addresses, list[str]], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Verified:
    """A run of the command."""

    what: str
    seconds: float
    megabytes: float
    summary: str

    def __str__(self) -> str:
        users = int(re.findall(r"([\d,]+) users; drift", self.summary)[0].replace(",", ""))
        found = self.summary.partition("drift: ")[2]
        return (
            f"| {self.what} | {users} | {self.seconds:.0f} | {users / self.seconds:.0f} "
            f"| {self.megabytes:.0f} | {found} |"
        )


def stranger(user: str) -> str:
    """Return an unused id in the same bucket."""
    return user[:24] + f"{random.getrandbits(48):012x}"


async def in_redis(stack: Addresses, users: list[str]) -> None:
    """Seed EACH missing, EACH different and EACH extra users."""
    redis: Any  # redis-py's own types cover texts and bytes at once
    async with Redis.from_url(stack.redis_url, decode_responses=True) as redis:
        generation = await redis.get(LAYOUT.pointer) or LAYOUT.FIRST_GENERATION
        pipeline = redis.pipeline(transaction=False)
        for number, user in enumerate(users):
            key = LAYOUT.hash_key(generation, user)
            match number % 3:
                case 0:
                    pipeline.delete(key)
                case 1:
                    pipeline.hset(key, "json", "{}")
                case _:
                    pipeline.hset(LAYOUT.hash_key(generation, stranger(user)), "version", 1)
        await pipeline.execute()


async def in_opensearch(stack: Addresses, users: list[str]) -> None:
    """Seed the same; versions of deleted documents are forgotten at once, not in a minute."""

    def change(number: int, user: str) -> dict[str, Any]:
        meta = {"_index": "users", "_id": user}
        if number % 3 == 0:
            return meta | {"_op_type": "delete"}
        if number % 3 == 2:  # noqa: PLR2004 - of three
            meta["_id"] = user = stranger(user)
        guard = {"version": 1, "version_type": "external_gte"}
        return meta | guard | {"_source": {"id": user, "version": 1, "first_name": "Nobody"}}

    async with AsyncOpenSearch(stack.opensearch_url, timeout=60) as client:
        settings = client.indices.put_settings
        await settings(body={"index.gc_deletes": "0s"}, index="users")
        changes = [change(number, user) for number, user in enumerate(users)]
        await async_bulk(client, changes, refresh=True)
        await settings(body={"index.gc_deletes": None}, index="users")


def verify(stack: Addresses, projector: str, what: str, *words: str) -> Verified:
    """Run the command in its own process."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own words
        [BIN / "view-verifier", projector, *words],
        env=os.environ | stack.environment("view-verifier"),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout  # noqa: S101 - for the type checker
    summary, peak = "", 0.0
    for line in process.stdout:  # every few seconds
        summary, peak = line.strip(), max(peak, _resident(process.pid))
    process.wait()
    return Verified(f"{projector}, {what}", time.perf_counter() - began, peak, summary)


def _resident(pid: int) -> float:
    """Return megabytes; 0: it has exited."""
    try:
        return psutil.Process(pid).memory_info().rss / 1e6
    except psutil.NoSuchProcess:
        return 0.0


def measure(stack: Addresses) -> list[Verified]:
    """Run for each view: without drift, with drift found, repaired, and gone."""
    ids = (Path(stack.home) / "seeded-ids").read_text().split()
    plants: list[tuple[str, Plant]] = [
        ("redis-projector", in_redis),
        ("search-projector", in_opensearch),
    ]
    found = []
    for projector, plant in plants:
        fast = ("--rate", "1000000")
        found.append(verify(stack, projector, "no drift", *fast))
        asyncio.run(plant(stack, random.sample(ids, 3 * EACH)))
        found.append(verify(stack, projector, "drift seeded", *fast))
        found.append(verify(stack, projector, "`--repair`", *fast, "--repair"))
        found.append(verify(stack, projector, "afterwards, at most 20,000/s"))
    return found


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instance", default="dev")
    stack, now = load(parser.parse_args().instance), datetime.now(UTC)
    text = "\n".join(
        [
            report.heading("Verification of the views", now),
            "",
            f"Drift seeded: {EACH} users missing, {EACH} different, {EACH} extra.",
            "",
            "| | users | s | users/s | peak MB | drift |",
            "|---|---|---|---|---|---|",
            *map(str, measure(stack)),
            "",
        ]
    )
    print(text)
    (HERE / "results" / f"verify-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
