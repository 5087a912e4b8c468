"""Kill any one process: it comes back by itself, and nothing that was acknowledged is missing."""

import asyncio
import os
import signal

import psutil
import pytest
from doors import Answer, Door, Refused

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from local_stack.layout import Instance
from local_stack.stack import health_of_all

pytestmark = pytest.mark.e2e
PROGRAMS = [
    "command-api",
    "query-api",
    "search-api",
    "redis-projector",
    "search-projector",
    "redis",
    "opensearch",
    "registry",
    "connect",
    "kafka",
    "mysql",
]


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_killed_process_comes_back_and_nothing_is_lost(
    stack: Addresses, http: Door, program: str
) -> None:
    before = await http.create("Before", "Kill")
    # A connector that is just registering its first schema fails for good without the registry.
    await eventually(lambda: visible(http, before))
    killed = control.pid_of("test", program)
    os.kill(killed, signal.SIGKILL)

    async def create() -> Answer:
        try:
            return await http.create("After", "Kill")
        except (Refused, OSError) as error:
            raise AssertionError(program) from error

    after = await eventually(create, within=60)

    async def both_visible() -> None:
        await visible(http, before)
        await visible(http, after)
        try:
            found = {user["id"] for user in (await http.search_page("Kill", 100))[0]}
            assert {before["id"], after["id"]} <= found
        except (Refused, OSError) as error:
            raise AssertionError(program) from error

    await eventually(both_visible, within=90, every=0.5)
    await eventually(all_healthy, within=60, every=1)
    assert control.pid_of("test", program) != killed


async def visible(http: Door, user: Answer) -> None:
    """The user is in query-api, which may be away for now."""
    try:
        assert await http.get(user["id"], min_version=1) == user
    except (Refused, OSError) as error:
        raise AssertionError(user) from error


async def all_healthy() -> None:
    health = await asyncio.to_thread(health_of_all, Instance("test", 10000))
    assert set(health.values()) == {"healthy"}
    assert len(health) == len(PROGRAMS)


def family(program: str) -> list[psutil.Process]:
    """A program's process and its children."""
    process = psutil.Process(control.pid_of("test", program))
    return [process, *process.children(recursive=True)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_port_is_on_loopback(stack: Addresses, program: str) -> None:
    listening = {
        connection.laddr.ip
        for process in family(program)
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_the_whole_stack_fits_its_memory(stack: Addresses) -> None:
    sizes = {
        program: sum(process.memory_info().rss for process in family(program))
        for program in PROGRAMS
    }
    services = [size for program, size in sizes.items() if program.endswith(("-api", "-projector"))]
    assert max(services) < 150 * 1024**2, sizes
    assert sum(sizes.values()) < 4 * 1024**3, sizes
