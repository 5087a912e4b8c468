"""Catch-up of a projector after a downtime: records per second of one process.

After `make up`. Both projectors are stopped while a backlog is written, through the event store,
Debezium and Kafka; then each is started alone.
"""

import argparse
import asyncio
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import psutil
import uvloop

from chassis.process.interrupts import interruptible
from chassis.stores.kafka import Brokers
from command_api.application import USER
from command_api.user import EventType, UserEvent
from eventstore.ids import utc_now, uuid7
from eventstore.mysql.store import MySQLEventStore
from eventstore.mysql.table import EventTable
from eventstore.ports import CommandContext
from loadtest import report
from loadtest.seed import BATCH, stored
from local_stack import control
from local_stack.addresses import Addresses, load
from projections.kafka import positions

PROJECTORS = ("redis-projector", "search-projector")
TOPIC = "user.events"
TABLE = EventTable(USER)
CONTEXT = CommandContext(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
TIMEOUT = 900.0  # seconds for a backlog to reach Kafka, and for a projector to process it


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Result of one projector: memory in bytes, at the end."""

    projector: str
    each: int
    records: int
    seconds: float
    cpu: float
    resident: int

    @property
    def rate(self) -> float:
        """Return events per second."""
        return self.records / self.seconds

    def __str__(self) -> str:
        return (
            f"| {self.projector} | {self.each} | {self.records} | {self.rate:.0f}"
            f" | {1e6 * self.cpu / self.records:.0f} | {self.resident / 1e6:.0f} |"
        )


async def write(stack: Addresses, events: int, each: int) -> int:
    """Write at least this many events, `each` of them per user; return their number.

    Histories of BATCH users at a time are interleaved.
    """
    groups = -(-events // (BATCH * each))
    async with stored(stack) as store:
        for _ in range(groups):
            now = utc_now()
            ids = [uuid7(now) for _ in range(BATCH)]
            for version in range(1, each + 1):
                await _insert(store, ids, version)
    return groups * BATCH * each


async def _insert(store: MySQLEventStore[UserEvent], ids: list[str], version: int) -> None:
    now = utc_now()
    kind: EventType = "UserCreated" if version == 1 else "UserRenamed"
    rows = [
        TABLE.row(
            UserEvent(i, version, uuid7(now), kind, "Late", f"No{version}", now, now), CONTEXT
        )
        for i in ids
    ]
    outcomes = await store._insert_all(rows)  # noqa: SLF001 - in bulk, which no API offers
    assert not any(outcomes), outcomes  # noqa: S101 - the ids are unique


async def until_in_kafka(stack: Addresses) -> None:
    """Return when the end offsets of all partitions have not changed for three polls."""
    brokers = Brokers(stack.kafka_bootstrap)
    polls: list[positions.Ends] = []
    async with asyncio.timeout(TIMEOUT), positions.opened(brokers, TOPIC) as log:
        while polls[-3:] != [await log.ends()] * 3:
            polls.append(await log.ends())
            await asyncio.sleep(1)


async def catch_up(stack: Addresses, projector: str, each: int, records: int) -> CaughtUp:
    """Start the projector, and measure from its first record to its last one."""
    control.start(stack.instance, projector)
    began = cpu = 0.0
    async with asyncio.timeout(TIMEOUT), aiohttp.ClientSession() as session:
        while True:
            done = await handled(stack, session, projector)
            process = psutil.Process(control.pid_of(stack.instance, projector))
            times = process.cpu_times()
            spent = times.user + times.system
            if not done:  # the last poll before the first batch
                began, cpu = time.perf_counter(), spent
            if done >= records:
                break
            await asyncio.sleep(0.05)
    seconds = time.perf_counter() - began
    resident = process.memory_info().rss
    control.stop(stack.instance, projector)
    return CaughtUp(projector, each, records, seconds, spent - cpu, resident)


async def handled(stack: Addresses, session: aiohttp.ClientSession, projector: str) -> int:
    """Return the records processed since its start, from its metrics; 0 if it does not answer."""
    try:
        async with session.get(f"{stack.admin[projector]}/metrics") as response:
            metrics = await response.text()
    except aiohttp.ClientError:
        return 0
    counts = re.findall(r"^projector_events_total{.*} (\S+)", metrics, re.MULTILINE)
    return int(sum(map(float, counts)))


async def measure(stack: Addresses, events: int) -> list[CaughtUp]:
    """Measure both projectors, with five events per user and with one; restart them at the end."""
    found = []
    for each in (5, 1):
        for projector in PROJECTORS:
            control.stop(stack.instance, projector)
        records = await write(stack, events, each)
        await until_in_kafka(stack)
        found += [await catch_up(stack, projector, each, records) for projector in PROJECTORS]
    for projector in PROJECTORS:
        control.start(stack.instance, projector)
    return found


def page(found: list[CaughtUp], now: datetime) -> str:
    """Return the result as a table."""
    return "\n".join(
        [
            report.heading("Catching up", now),
            "",
            "| one process of | events per user | events | events/s | CPU, µs/event | MB |",
            "|---|---|---|---|---|---|",
            *map(str, found),
            "",
        ]
    )


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    now = datetime.now(UTC)
    text = page(uvloop.run(measure(load(wanted.instance), wanted.events)), now)
    print(text)
    (Path(__file__).parent / "results" / f"catch-up-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
