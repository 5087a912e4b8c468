"""The test stack: real servers, started once for all tests that request it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import settings

from chassis.stores.redis import AnyRedis, RedisSettings, client
from chassis.testing import eventually
from local_stack.addresses import Addresses, load
from tests.support.stack import containers, free_ports, instance, skipped
from tests.support.stack.measured import MEASURED
from tests.support.stores import redis_nodes

pytest_plugins = ["tests.support.costs.plugin"]

# Rewritten assertions, as in test modules: a failure shows the compared values.
pytest.register_assert_rewrite("projections.conformance")

BIN = Path(sys.executable).parent
INSTANCE = ["--instance", instance.NAME, "--port-offset", str(instance.PORT_OFFSET)]
CLUSTERS = ["--brokers", "3", "--redis-masters", "3", "--opensearch-nodes", "3"]
TRACED = {"OTLP_ENDPOINT": f"http://127.0.0.1:{instance.OTLP_PORT}/v1/traces"}
INTEGRATION = pytest.mark.integration
pytest.register_assert_rewrite("eventstore.conformance")
# The servers live for minutes, so the second compiler of their JVMs costs more CPU than it saves:
# a start of the stack takes 45 s of CPU with this option, and 75 s without.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
Started = Callable[[str, Mapping[str, str], int], AbstractAsyncContextManager[int]]


# Time limits depend on the machine's load. `--hypothesis-profile long` finds what `ci` misses.
settings.register_profile("ci", max_examples=100, deadline=None)
settings.register_profile("long", max_examples=5000, deadline=None)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=("local", "clusters", "compose", "kubernetes"),
        default="local",
        help="target of end-to-end tests: processes, the same with three brokers, a Redis "
        "Cluster and three nodes of OpenSearch, containers, or pods on a node of Kubernetes",
    )
    parser.addoption(
        "--instance",
        help="a local stack that is already running, such as dev; default: one for the tests",
    )


def pytest_report_header() -> list[str]:
    """Print at the start of a run what it will skip, and why."""
    return skipped.reasons()


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Addresses]:
    """Return the system under test, started from empty data for the whole run, or the given one."""
    if given := request.config.getoption("--instance"):
        yield load(given)
        return
    kind = request.config.getoption("--stack")
    if kind == "compose":
        started = containers.running()
    elif kind == "kubernetes":
        # It parses compose.yaml and imports cryptography: 0.5 s of every other run.
        from tests.support.kubernetes import development  # noqa: PLC0415

        started = development.running(tmp_path_factory.mktemp("kubernetes"))
    else:
        started = _local_stack(CLUSTERS if kind == "clusters" else [])
    with started as addresses:
        yield addresses


@contextmanager
def _local_stack(form: Sequence[str]) -> Iterator[Addresses]:
    """Return the instance of these tests; one that is already running is used and kept."""
    if _run("status").returncode == 0:
        yield load(instance.NAME)
        return
    for command in (["clean"], ["up", *form]):
        done = _run(*command)
        if done.returncode:
            pytest.exit(f"the test stack did not start:\n{done.stdout[-3000:]}", returncode=2)
    yield load(instance.NAME)
    _run("clean")


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [BIN / "local-stack", *command, *INSTANCE],
        check=False,
        text=True,
        env=os.environ | TRACED,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URLs of a Redis Cluster for contract tests only, separated by commas."""
    with redis_nodes.running(tmp_path_factory.mktemp("redis-cluster")) as urls:
        yield urls


@pytest.fixture(
    params=["memory", *(pytest.param(one, marks=INTEGRATION) for one in ("redis", "redis cluster"))]
)
def store(request: pytest.FixtureRequest) -> str:
    """Return the kind of store that the contract suite of a Redis view runs over."""
    name: str = request.param
    return name


@pytest.fixture
async def redis(request: pytest.FixtureRequest, store: str) -> AsyncIterator[AnyRedis]:
    """Return an empty database of the stack's Redis, or of a cluster, for contract tests only."""
    if store == "redis":
        stack: Addresses = request.getfixturevalue("stack")
        settings: dict[str, Any] = {"redis_url": stack.redis_url.removesuffix("/0") + "/9"}
    else:
        settings = {"redis_url": request.getfixturevalue("redis_cluster"), "redis_cluster": True}
    found = RedisSettings.model_validate(settings)
    async with aclosing(client(found, 8, timeout=5, reply_timeout=5)) as connected:
        await connected.flushdb()
        yield connected
        await connected.flushdb()


@pytest.fixture
def unused_ports() -> list[int]:
    """Return free ports of the loopback address."""
    return free_ports.unused(4)


@pytest.fixture
def started() -> Started:
    """Run a service's console command with these settings until the block ends.

    It is ready when the block begins; afterwards it must stop on SIGTERM with exit code 0. Yields
    the process id.
    """

    @asynccontextmanager
    async def start(command: str, settings: Mapping[str, str], admin: int) -> AsyncIterator[int]:
        process = await asyncio.create_subprocess_exec(
            BIN / command,
            env={**settings, **MEASURED, "PATH": os.environ["PATH"]},
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
    """Raise AssertionError unless /readyz returns this status."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{admin}/readyz") as response,
        ):
            assert response.status == status
    except aiohttp.ClientConnectionError as error:
        raise AssertionError from error
