"""Creates that share a transaction against one INSERT each, in one run on one MySQL.

Durable settings stay: sync_binlog=1, innodb_flush_log_at_trx_commit=1. Load goes to the store of
command-api directly, so that the figures are the store's.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import report
import uvloop

from chassis.testing import serving
from command_api.mysql_connections import connected
from command_api.mysql_event_store import MySQLEventStore, _row
from command_api.ports import Request
from command_api.user import UserEvent
from command_api.wiring import utc_now, uuid7
from local_stack.addresses import Addresses, load

CALLERS = (1, 16, 64, 256)
ROUNDS = 3
CONNECTIONS = 16
Append = Callable[[UserEvent, Request], Awaitable[None]]


def created() -> UserEvent:
    now = utc_now()
    return UserEvent(uuid7(now), 1, uuid7(now), "UserCreated", "Group", "Commit", now, now)


async def creates_a_second(append: Append, callers: int, seconds: float) -> float:
    """How many events so many callers store, each one after the other."""
    end = time.perf_counter() + seconds
    stored = 0

    async def caller() -> None:
        nonlocal stored
        while time.perf_counter() < end:
            await append(created(), Request())
            stored += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(callers):
            tasks.create_task(caller())
    return stored / seconds


async def measure(stack: Addresses, seconds: float) -> dict[int, tuple[float, float]]:
    """Callers → creates a second with one INSERT each, and sharing; medians of alternate rounds."""
    async with connected(
        host=stack.mysql_host,
        port=stack.mysql_port,
        database=stack.mysql_database,
        user="command_api",
        password=stack.password("command_api"),
        size=CONNECTIONS,
        limit=10,
    ) as mysql:
        store = MySQLEventStore(mysql, batch=256)

        async def insert(event: UserEvent, request: Request) -> None:
            """What append was before: a statement, and so a commit, of its own."""
            assert await store._insert_all([_row(event, request)]) == [None]  # noqa: S101, SLF001 - the way compared with

        ways: list[Append] = [insert, store.append]
        async with serving(store.creates):
            found = {
                callers: [
                    [await creates_a_second(way, callers, seconds) for way in ways]
                    for _ in range(ROUNDS)
                ]
                for callers in CALLERS
            }
    return {
        callers: (median(one for one, _ in rounds), median(two for _, two in rounds))
        for callers, rounds in found.items()
    }


def main() -> None:
    """Measure, print, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3, help="for each way and round")
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    found = uvloop.run(measure(load(wanted.instance), wanted.seconds))
    now = datetime.now(UTC)
    text = "\n".join(
        [
            report.heading("Creates a second in the event store", now),
            "",
            f"Medians of {ROUNDS} rounds of {wanted.seconds:g} s; {CONNECTIONS} connections.",
            "",
            "| callers | one INSERT each | sharing a transaction | ratio |",
            "|---|---|---|---|",
            *(
                f"| {callers} | {each:.0f} | {sharing:.0f} | {sharing / each:.1f} |"
                for callers, (each, sharing) in found.items()
            ),
            "",
        ]
    )
    print(text)
    path = Path(__file__).parent / "results" / f"group-commit-{now:%Y-%m-%d}.md"
    path.write_text(text)


if __name__ == "__main__":
    main()
