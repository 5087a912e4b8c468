"""Create users in the running system, through event store, Debezium and Kafka to both views.

With command-api's own application and store, without HTTP: a million in minutes. Their ids are
written to a file, one a line, for scripts that read existing users.
"""

import argparse
import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from chassis.observability import telemetry
from chassis.process.interrupts import interruptible
from chassis.testing import serving
from command_api.application import USER, Users
from command_api.user import CreateUser, UserEvent
from eventstore.mysql.connections import connected
from eventstore.mysql.settings import EventStoreSettings
from eventstore.mysql.store import MySQLEventStore
from loadtest.freshness import lag
from local_stack.addresses import Addresses, load

CALLERS = 512  # two batches: one commits while the next one is collected
BATCH = 256
NAMES = json.loads((Path(__file__).parent / "k6" / "names.json").read_text("utf-8"))


def people(count: int) -> Iterator[CreateUser]:
    """Yield the same users each time, with names as diverse as real ones.

    Half of the first names are common ones; last names are of 125,000, eight in a million each.
    """
    chance = random.Random(count)  # noqa: S311 - names, not secrets
    for number in range(count):
        first = chance.choice(NAMES["first"]) if number % 2 else _blended(chance, NAMES["first"])
        yield CreateUser(first, _blended(chance, NAMES["last"]))


def _blended(chance: random.Random, names: list[str]) -> str:
    """Return a synthetic name that resembles these and is almost unique."""
    begin, middle, end = chance.choices(names, k=3)
    return begin[:3] + middle[1:3] + end[-3:]


async def create(users: Users, commands: Iterator[CreateUser]) -> list[str]:
    """Execute every command; return the new ids."""
    ids: list[str] = []

    async def caller() -> None:
        ids.extend([(await users.execute(command)).user_id for command in commands])

    async with asyncio.TaskGroup() as tasks:
        for _ in range(CALLERS):
            tasks.create_task(caller())
    return ids


def _settings(stack: Addresses) -> EventStoreSettings:
    given: Any = {
        "mysql_host": stack.mysql_host,
        "mysql_port": stack.mysql_port,
        "mysql_database": stack.mysql_database,
        "mysql_user": "command_api",
        "mysql_password": stack.password("command_api"),
    }
    return EventStoreSettings(**given, mysql_pool=4, mysql_timeout=30)


@asynccontextmanager
async def stored(stack: Addresses) -> AsyncIterator[MySQLEventStore[UserEvent]]:
    """Connect to the stack's event store, with its background tasks."""
    async with connected(_settings(stack)) as mysql:
        store = MySQLEventStore(USER, mysql, batch=BATCH)
        async with serving(store.creates):
            yield store


async def seed(stack: Addresses, count: int) -> list[str]:
    """Create the users, and return when both views have them."""
    started = time.perf_counter()
    async with stored(stack) as store:
        ids = await create(Users(USER, store), people(count))
    _tell("in the event store", count, started)
    async with aiohttp.ClientSession() as session:
        await asyncio.sleep(10)  # the projectors poll the topic's end every 5 s
        while left := await lag(stack, session):
            print(f"  {left} records not in the views yet")
            await asyncio.sleep(5)
    _tell("in both views", count, started)
    return ids


def _tell(where: str, count: int, started: float) -> None:
    seconds = time.perf_counter() - started
    print(f"{count} users {where} after {seconds:.0f} s ({count / seconds:.0f} per second)")


@interruptible()
def main() -> None:
    """Seed, and write the ids."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    telemetry.configure_logs("seed", "WARNING")
    stack = load(wanted.instance)
    ids = uvloop.run(seed(stack, wanted.users))
    file = Path(stack.home) / "seeded-ids"
    file.write_text("\n".join(ids))
    print(f"ids: {file}")


if __name__ == "__main__":
    main()
