"""Pause, resume, rebuild and back, by the real commands, under light load."""

import asyncio
import itertools
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from local_stack.layout import Instance
from local_stack.stack import health_of_all
from tests.support.clients.api_clients import Answer, ApiClient, Refused
from tests.support.stack.instance import NAME
from tests.support.stack.operator_cli import Tool
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e
PROJECTORS = ["redis-projector", "search-projector"]
# The topic still has invalid records of other tests; a tombstone after them is not compacted.
REBUILD = ("rebuild", "--accept-dead-letters")
WRITERS = 3
PAUSE = 0.02  # seconds between two requests of a client: they leave CPU time to the rebuild
USERS = 40


@dataclass
class Life:
    """Responses about some users while they are renamed and read."""

    versions: dict[str, int] = field(default_factory=dict)
    """Version of the last acknowledged rename."""
    names: dict[str, str] = field(default_factory=dict)
    reads: int = 0
    trouble: list[str] = field(default_factory=list)


@asynccontextmanager
async def lived(api: ApiClient) -> AsyncIterator[Life]:
    """Rename and read while the block runs; each reader is one client's session."""
    life = Life()
    for number in range(USERS):
        made = await api.create("Rebuilt", f"Number{'abcdefghij'[number % 10]}")
        life.versions[made["id"]], life.names[made["id"]] = made["version"], made["first_name"]
    stop = asyncio.Event()
    users = list(life.versions)
    for user in users:
        await api.get(user, min_version=1)
    searched = set(users[::10])
    await eventually(lambda: all_found(api, searched), within=30)
    async with asyncio.TaskGroup() as tasks:
        for number in range(WRITERS):
            tasks.create_task(write(api, life, users[number::WRITERS], stop))
        tasks.create_task(read(api, life, users, stop))
        tasks.create_task(page(api, life, set(users), stop))
        tasks.create_task(search(api, life, searched, stop))
        try:
            yield life
        finally:
            stop.set()


async def write(api: ApiClient, life: Life, users: list[str], stop: asyncio.Event) -> None:
    for number, user in enumerate(itertools.cycle(users)):
        if stop.is_set():
            return
        await asyncio.sleep(PAUSE)
        name = f"Name{number}"
        life.versions[user] = (await api.rename(user, name))["version"]
        life.names[user] = name


async def read(api: ApiClient, life: Life, users: list[str], stop: asyncio.Event) -> None:
    """Check that no read fails, is older than requested, or goes back to an earlier version."""
    seen = dict.fromkeys(users, 0)
    for number, user in enumerate(itertools.cycle(users)):
        if stop.is_set():
            return
        await asyncio.sleep(PAUSE)
        wanted = life.versions[user] if number % 5 == 0 else None
        try:
            version = (await api.get(user, min_version=wanted))["version"]
        except Refused as refused:
            life.trouble.append(f"get: {refused}")
            continue
        if version < max(seen[user], wanted or 0):
            life.trouble.append(f"version {version} after {seen[user]}, wanted {wanted}")
        seen[user] = version
        life.reads += 1


async def page(api: ApiClient, life: Life, users: set[str], stop: asyncio.Event) -> None:
    """Check that pages have every user once, also across the switch."""
    while not stop.is_set():
        found: list[Answer] = []
        cursor = None
        try:
            while not users <= {user["id"] for user in found}:
                await asyncio.sleep(PAUSE)
                some, cursor = await api.list_page(7, cursor)
                found += some
                if cursor is None:
                    break
        except Refused as refused:
            life.trouble.append(f"list: {refused}")
        ids = [user["id"] for user in found]
        if len(ids) != len(set(ids)) or not users <= set(ids):
            life.trouble.append(f"pages: {len(ids)} users, {len(users - set(ids))} missing")
        life.reads += 1


async def search(api: ApiClient, life: Life, users: set[str], stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await all_found(api, users)
        except (AssertionError, Refused) as trouble:
            life.trouble.append(f"search: {trouble}")
        life.reads += 1


async def all_found(api: ApiClient, users: set[str]) -> None:
    """Check that they are found over pages of two."""
    found: set[str] = set()
    cursor = None
    while True:
        await asyncio.sleep(PAUSE)
        some, cursor = await api.search_page("numbera", 2, cursor)
        found |= {user["id"] for user in some}
        if cursor is None:
            break
    assert users <= found, f"{len(users - found)} of {len(users)} are missing"


async def whole(api: ApiClient, life: Life) -> None:
    """Check that every user is in both views as last renamed."""
    for user, version in life.versions.items():
        shown = await api.get(user, min_version=version)
        assert (shown["version"], shown["first_name"]) == (version, life.names[user])

    async def found() -> None:
        hits: dict[str, Answer] = {}
        for letter in "abcdefghij":
            hits |= {user["id"]: user for user in await api.search(f"number{letter}")}
        for user, name in life.names.items():
            assert hits[user]["first_name"] == name

    await eventually(found, within=30)


def serving(output: str) -> tuple[str, str]:
    """Return the serving and the previous generation in the output of `status` or `rebuild`."""
    found = re.search(r"generation (\w+) serves; previous: (\w+)", output)
    assert found, output
    return found[1], found[2]


@pytest.mark.parametrize("projector", PROJECTORS)
async def test_rebuild_and_switch_back_are_invisible_to_readers(
    stack: Addresses, http: ApiClient, projector: str
) -> None:
    tool = Tool(stack, projector)
    before, _ = serving(await tool.done("status"))
    async with lived(http) as life:
        output = await tool.done(*REBUILD)
        after, previous = serving(await tool.done("status"))
        assert previous == before != after
        assert f"generation {after} serves, switched in " in output
        halfway = life.reads
        await tool.done(*REBUILD, "--back")
        assert serving(await tool.done("status")) == (before, after)
    assert life.trouble == []
    assert life.reads > halfway > 0
    await whole(http, life)


@pytest.mark.parametrize("projector", PROJECTORS)
async def test_killed_rebuild_resumes(stack: Addresses, http: ApiClient, projector: str) -> None:
    tool = Tool(stack, projector)
    before, _ = serving(await tool.done("status"))
    async with lived(http) as life:
        running = await tool.started(*REBUILD)
        assert running.stdout
        while b"records" not in await asyncio.wait_for(running.stdout.readline(), 60):
            continue
        running.kill()
        await running.wait()
        output = await tool.done("status")
        building = re.search(r"building (\w+): [\d,]+ of [\d,]+ records", output)
        assert building, output
        assert serving(output)[0] == before
        output = await tool.done(*REBUILD)
        assert f"building {building[1]}\n" in output
        assert serving(await tool.done("status")) == (building[1], before)
    assert life.trouble == []
    await whole(http, life)


async def test_paused_projector_stays_paused_across_restarts_until_resumed(
    stack: Addresses, http: ApiClient
) -> None:
    tool = Tool(stack, "redis-projector")
    before = await created(http)
    await eventually(lambda: visible(http, before), within=30)
    try:
        await tool.done("pause")
        assert (await tool.done("status")).startswith("paused since 20")
        await eventually(lambda: is_hidden(http), within=30)
        ended = control.pid_of(NAME, "redis-projector")
        os.kill(ended, signal.SIGKILL)
        await eventually(lambda: another_process_is_ready(stack, ended), within=60)
        waiting = await is_hidden(http)
        assert await http.get(before["id"]) == before
        status = await tool.done("status")
        assert sum(int(row.split()[3]) for row in status.splitlines()[3:7]) > 0
    finally:
        await tool.done("resume")
    await eventually(lambda: visible(http, waiting), within=60)


async def is_hidden(http: ApiClient) -> Answer:
    """Create a user; return it if query-api does not show it in time."""
    user = await created(http)
    try:
        await http.get(user["id"], min_version=1)
    except Refused as refused:
        assert refused.status == 503
        return user
    raise AssertionError("the user is visible")


async def another_process_is_ready(stack: Addresses, ended: int) -> None:
    assert control.pid_of(NAME, "redis-projector") not in {0, ended}
    health = await asyncio.to_thread(health_of_all, Instance(NAME, stack.port_offset))
    assert health["redis-projector"] == "healthy"
