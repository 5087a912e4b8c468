"""The running test stack, for every test that asks for it: real servers, started once."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import containers
import pytest
from hypothesis import settings

from chassis.testing import eventually
from local_stack.addresses import Addresses, load

BIN = Path(sys.executable).parent
INSTANCE = ["--instance", "test", "--port-offset", "10000"]
# Where the test of tracing listens for spans; for all others it is an exporter that is away.
OTLP_PORT = 14318
TRACED = {"OTLP_ENDPOINT": f"http://127.0.0.1:{OTLP_PORT}/v1/traces"}
Started = Callable[[str, Mapping[str, str], int], AbstractAsyncContextManager[int]]


# Time limits say how busy the machine is. `--hypothesis-profile long` looks for what `ci` misses.
settings.register_profile("ci", max_examples=100, deadline=None)
settings.register_profile("long", max_examples=5000, deadline=None)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=("local", "compose"),
        default="local",
        help="what end-to-end tests run against: processes, or containers",
    )


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Addresses]:
    """The system under test, from empty data, started for the whole run."""
    compose = request.config.getoption("--stack") == "compose"
    with containers.running() if compose else _local_stack() as addresses:
        yield addresses


@contextmanager
def _local_stack() -> Iterator[Addresses]:
    """The instance `test`; one that runs already is used and left as it is."""
    if _run("status").returncode == 0:
        yield load("test")
        return
    for command in ("clean", "up"):
        done = _run(command)
        if done.returncode:
            pytest.exit(f"the test stack did not start:\n{done.stdout[-3000:]}", returncode=2)
    yield load("test")
    _run("clean")


def _run(command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [BIN / "local-stack", command, *INSTANCE],
        check=False,
        text=True,
        env=os.environ | TRACED,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.fixture
def unused_ports() -> list[int]:
    """Ports of the loopback address that nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture
def started() -> Started:
    """Run a service's console command with these settings until the block ends.

    It is ready before the block begins; afterwards it must stop on SIGTERM with exit code 0. Gives
    the process id.
    """

    @asynccontextmanager
    async def start(command: str, settings: Mapping[str, str], admin: int) -> AsyncIterator[int]:
        process = await asyncio.create_subprocess_exec(
            BIN / command,
            env={**settings, "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL,
        )
        try:
            await eventually(lambda: readiness_is(200, admin), within=30)
            yield process.pid
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    return start


async def readiness_is(status: int, admin: int) -> None:
    """Raise AssertionError unless /readyz answers so."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{admin}/readyz") as response,
        ):
            assert response.status == status
    except aiohttp.ClientConnectionError as error:
        raise AssertionError from error
