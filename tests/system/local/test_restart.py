"""End any one process: it restarts, and no acknowledged event is missing."""

import asyncio
import os
import signal
from functools import partial

import psutil
import pytest

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from local_stack.layout import Instance
from local_stack.stack import health_of_all
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.instance import NAME, PORT_OFFSET
from tests.support.stack.survival import created, visible

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
    "connector-supervisor",
    "kafka",
    "mysql",
    "prometheus",
    "canary",
    "console",
]


HURT = [(program, signal.SIGKILL) for program in PROGRAMS]
# Also gracefully: Debezium 3.6.1 survives a kill, but not this; the supervisor restarts it.
HURT.append(("mysql", signal.SIGTERM))
# A Redis that is killed may have nothing to load; after SIGTERM it loads its whole file.
HURT.append(("redis", signal.SIGTERM))


@pytest.mark.parametrize(("program", "how"), HURT)
async def test_ended_process_is_restarted_without_loss(
    stack: Addresses, http: ApiClient, program: str, how: signal.Signals
) -> None:
    before = await created(http)
    await eventually(lambda: visible(http, before))
    ended = control.pid_of(NAME, program)
    os.kill(ended, how)

    after = await eventually(lambda: created(http), within=60)

    for user in (before, after):
        await eventually(partial(visible, http, user), within=90, every=0.5)
    await eventually(all_healthy, within=60, every=1)
    assert control.pid_of(NAME, program) != ended


async def all_healthy() -> None:
    health = await asyncio.to_thread(health_of_all, Instance(NAME, PORT_OFFSET))
    assert set(health.values()) == {"healthy"}
    assert set(PROGRAMS) <= health.keys()


def family(program: str) -> list[psutil.Process]:
    """Return a program's process and its children."""
    process = psutil.Process(control.pid_of(NAME, program))
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
    services = [
        size
        for program, size in sizes.items()
        if program.endswith(("-api", "-projector", "-supervisor", "canary", "console"))
    ]
    assert max(services) < 150 * 1024**2, sizes
    assert sum(sizes.values()) < 4 * 1024**3, sizes
