"""SIGTERM with stuck clients and dependencies that do not answer: exit code 0 within grace + 1 s.

Every listening program of the project, each as its own process (case H7).
"""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from chassis.testing import eventually
from tests.support.clients.raw_grpc import calling, message
from tests.support.stack import free_ports
from tests.support.stack.programs import every, module

BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
GRACE = 1  # seconds
CLIENTS = 10  # of each kind on each port
TIMEOUT = 30  # seconds for a program to start, or to end
Program = asyncio.subprocess.Process
LISTEN = ("HTTP_PORT", "GRPC_PORT", "ADMIN_PORT")
PROGRAMS = {
    **dict.fromkeys(every("command-api", "query-api", "search-api"), LISTEN),
    **dict.fromkeys(every("redis-projector", "search-projector"), ("ADMIN_PORT",)),
    **dict.fromkeys([*every("connector-supervisor"), "canary"], ("ADMIN_PORT",)),
    "console": ("HTTP_PORT", "ADMIN_PORT"),
    "demo": LISTEN,
}
STORES = {
    "MYSQL_PORT": "{port}",
    "MYSQL_PASSWORD": "unused",
    "REDIS_URL": "redis://127.0.0.1:{port}",
    "OPENSEARCH_URL": "http://127.0.0.1:{port}",
    "KAFKA_BOOTSTRAP": "127.0.0.1:{port}",
    "REGISTRY_URL": "http://127.0.0.1:{port}",
    "CONNECT_URL": "http://127.0.0.1:{port}",
    **{f"{api}_URL": "http://127.0.0.1:{port}" for api in ("COMMAND", "QUERY", "SEARCH")},
}
# Half a request, a body that does not arrive, responses that are not read, and requests that wait
# for a dependency.
REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n",
    b"POST /user HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
    *(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 200
        for path in ("/metrics", "/openapi.json", "/figures", "/readyz", "/user", "/user/search/a")
    ),
]
WATCH = "/grpc.health.v1.Health/Watch"


@pytest.fixture
def silent() -> Iterator[int]:
    """Run a server that accepts connections and never responds; return its port."""
    with socket.create_server((HOST, 0), backlog=1000) as listener:
        yield listener.getsockname()[1]


def settings(program: str, silent: int, ports: dict[str, int]) -> dict[str, str]:
    """Return the environment: this program's own settings of STORES, and its ports."""
    fields = module(program, "settings").Settings.model_fields
    own = {name: value for name, value in STORES.items() if name.lower() in fields}
    prefix = program.replace("-", "_").upper()
    given = own | ports | {"GRACE": GRACE}
    return {f"{prefix}_{name}": str(value).format(port=silent) for name, value in given.items()}


@asynccontextmanager
async def running(environment: dict[str, str], program: str) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        BIN / program, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def listens(port: int) -> None:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError as error:
        raise AssertionError(error) from error
    writer.close()


async def stuck_over_http(port: int, stack: AsyncExitStack) -> None:
    for request in REQUESTS * CLIENTS:
        _, writer = await asyncio.open_connection(HOST, port, limit=1)
        stack.callback(writer.close)
        writer.write(request)


async def stuck_over_grpc(port: int, stack: AsyncExitStack) -> None:
    for _ in range(CLIENTS):
        caller = await stack.enter_async_context(calling(port))
        caller.close_window()
        caller.begin(_headers(WATCH))  # a call without a message
        watch = caller.begin(_headers(WATCH))
        caller.send(watch, message(0, b""), is_end=True)
        await caller.flush()


def _headers(path: str) -> list[tuple[str | bytes, str | bytes]]:
    first = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x")]
    return [*first, ("te", "trailers"), ("content-type", "application/grpc")]


async def has_taken(process: Program, connections: int) -> None:
    """Check that the program has accepted every client's connection."""
    open_now = psutil.Process(process.pid).net_connections("tcp")
    assert sum(one.status == psutil.CONN_ESTABLISHED for one in open_now) >= connections


@pytest.mark.parametrize("program", PROGRAMS)
async def test_stuck_clients_and_dependencies_do_not_hold_up_a_stop(
    program: str, silent: int
) -> None:
    ports = dict(zip(PROGRAMS[program], free_ports.unused(3, row=3), strict=False))
    async with (
        running(settings(program, silent, ports), program) as process,
        AsyncExitStack() as stack,
    ):
        for name, port in ports.items():
            await eventually(partial(listens, port), within=TIMEOUT)
            stuck = stuck_over_grpc if name == "GRPC_PORT" else stuck_over_http
            await stuck(port, stack)
        await eventually(partial(has_taken, process, CLIENTS), within=TIMEOUT)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), TIMEOUT)
        assert time.monotonic() - began < GRACE + 1
        assert code == 0
