"""Several processes behind one port: real ones, of forked_api.py."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from grpclib.client import Channel

from chassis.process.workers import YOUNG
from chassis.testing import eventually
from user_contracts.proto.user.v1 import SearchRequest, UserSearchStub

PROGRAM = Path(__file__).with_name("forked_api.py")
WORKERS = 2
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SO_REUSEPORT balances on Linux")


def unused_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in held]


@dataclass
class Service:
    """The running service, and a session that opens a connection for each request."""

    started: subprocess.Popen[str]
    home: Path
    ports: list[int]
    session: aiohttp.ClientSession

    async def pid(self, seconds: float = 0) -> int:
        url = f"http://127.0.0.1:{self.ports[0]}/?seconds={seconds}"
        async with self.session.get(url) as answer:
            assert answer.status == 200
            return int(await answer.text())

    async def pids(self, but: int = 0) -> set[int]:
        """Return the workers that answer: as many as there are, without the given one."""
        found: set[int] = set()
        async with asyncio.timeout(20):
            while len(found - {but}) < WORKERS:
                found.add(await self.pid())
        return found - {but}

    async def ready(self) -> tuple[int, dict[str, str]]:
        async with self.session.get(f"http://127.0.0.1:{self.ports[2]}/readyz") as answer:
            return answer.status, (await answer.json())["failures"]

    async def is_ready(self) -> None:
        try:
            assert await self.ready() == (200, {})
        except aiohttp.ClientError as error:
            raise AssertionError from error

    async def metric(self, name: str) -> float:
        """Return the sum of the series whose lines begin so."""
        async with self.session.get(f"http://127.0.0.1:{self.ports[2]}/metrics") as answer:
            text = await answer.text()
        lines = re.findall(rf"^{re.escape(name)}\S* (\S+)$", text, re.MULTILINE)
        assert lines, name
        return sum(map(float, lines))

    def stopped(self) -> tuple[int, str]:
        """Stop the service; return its exit code and its log."""
        self.started.terminate()
        log, _ = self.started.communicate(timeout=30)
        return self.started.returncode, log


def environment(home: Path, ports: list[int]) -> dict[str, str]:
    names = ("HTTP_PORT", "GRPC_PORT", "ADMIN_PORT")
    own = {f"FORKED_{name}": str(port) for name, port in zip(names, ports, strict=True)}
    return os.environ | own | {"FORKED_PROCESSES": str(WORKERS), "FORKED_HOME": str(home)}


def run(home: Path, ports: list[int]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, PROGRAM],
        env=environment(home, ports),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", list[int]]]:
    ports = unused_ports(3)
    process = run(tmp_path, ports)
    yield process, ports
    process.kill()
    process.communicate(timeout=30)


@pytest.fixture
async def service(
    started: tuple["subprocess.Popen[str]", list[int]], tmp_path: Path
) -> AsyncIterator[Service]:
    async with aiohttp.ClientSession(headers={"Connection": "close"}) as session:
        found = Service(started[0], tmp_path, started[1], session)
        await eventually(found.is_ready, within=60)
        yield found


async def test_processes_share_the_ports_of_http_and_grpc(service: Service) -> None:
    over_http = await service.pids()
    over_grpc: set[int] = set()
    async with asyncio.timeout(20):
        while len(over_grpc) < WORKERS:
            channel = Channel("127.0.0.1", service.ports[1])
            answer = await UserSearchStub(channel).search(SearchRequest(query="x"))
            over_grpc.add(int(answer.next_cursor))
            channel.close()
    assert over_grpc == over_http
    assert service.started.pid not in over_http


async def test_metrics_are_the_sums_of_all_processes(service: Service) -> None:
    requests = len([await service.pid() for _ in range(20)])
    assert await service.metric('request_duration_seconds_count{method="GET"') == requests
    assert await service.metric("process_replacements_total") == 0


async def test_killed_process_is_replaced_and_its_counts_remain(service: Service) -> None:
    first, _ = await service.pids()
    counted = await service.metric('request_duration_seconds_count{method="GET"')
    await asyncio.sleep(YOUNG)
    os.kill(first, signal.SIGKILL)
    assert first not in await service.pids(but=first)
    await eventually(service.is_ready, within=20)
    assert await service.metric('request_duration_seconds_count{method="GET"') > counted
    assert await service.metric("process_replacements_total") == 1
    code, log = service.stopped()
    assert code == 0
    assert f'"pid": {first}, "exit_code": -9, "action": "replaced"' in log


async def test_readiness_fails_with_the_reason_of_a_process(service: Service) -> None:
    (service.home / "unavailable").touch()

    async def unready() -> None:
        assert await service.ready() == (503, {"store": "the store is unavailable"})

    await eventually(unready, within=20)


async def test_sigterm_lets_running_requests_of_all_processes_finish(service: Service) -> None:
    slow = [asyncio.create_task(service.pid(seconds=4)) for _ in range(12)]
    in_flight = partial(service.metric, 'requests_in_flight{protocol="http"}')

    async def all_are_in_flight() -> None:
        assert await in_flight() == len(slow)

    await eventually(all_are_in_flight, within=20)
    service.started.send_signal(signal.SIGTERM)

    async def draining() -> None:
        assert await service.ready() == (503, {"process": "draining"})

    await eventually(draining, within=2)
    assert len(set(await asyncio.gather(*slow))) == WORKERS
    code, log = await asyncio.to_thread(service.stopped)
    assert (code, "process ended" in log) == (0, False)


async def test_processes_end_with_a_killed_supervisor(service: Service) -> None:
    service.started.kill()

    async def port_is_free() -> None:
        try:
            socket.create_server(("127.0.0.1", service.ports[0])).close()
        except OSError as error:
            raise AssertionError from error

    await eventually(port_is_free, within=5)


async def test_service_started_twice_is_refused(service: Service) -> None:
    again = run(service.home, [*service.ports[:2], *unused_ports(1)])
    output, _ = await asyncio.to_thread(again.communicate, timeout=60)
    assert again.returncode == 1
    assert f"port {service.ports[0]} is already in use" in output


def test_process_that_fails_at_its_start_ends_the_service(tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    started = run(tmp_path, unused_ports(3))
    log, _ = started.communicate(timeout=60)
    assert started.returncode == 1
    assert "RuntimeError" in log
    assert log.count('"action": "stopping all"') >= 1
