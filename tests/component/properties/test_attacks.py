"""Each attack of loadtest/attacks.py on an API, and its effect on other clients.

Work is counted, not timed, so that a busy machine does not matter: the Python functions called in
one turn of the event loop, which is the time that another client waits.
loadtest/hostile.py measures the same in seconds and megabytes.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

import pytest
from grpclib.client import Channel

import query_api.grpc_api
import query_api.http_api
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.limits import connections
from chassis.observability import telemetry, tracing
from chassis.process.health import Health
from chassis.testing import eventually, serving
from http2.implementations import HTTP2
from loadtest.attacks import ATTACKS, HOST, Attack, keep
from projections.directory import Directory
from projections.memory.reader import MemoryReader
from projections.queries import ViewQueries
from user_contracts import descriptors
from user_contracts.proto.user.v1 import GetRequest, User, UserQueriesStub

MOST_CONNECTIONS = 20  # of an attacker: more add nothing new
CALLS_OF_THE_INNOCENT = 3
MOST_CALLS_IN_A_TURN = {"own": 80_000, "h2": 120_000}
"""20 and 30 ms of a core; the maximum is 55,000 and 101,000, a hundred unread lists at once."""
TIMEOUT = 60.0
IDS = [f"0192f5a8-4d3c-7a10-8b2e-{number:012x}" for number in range(100)]
VIEWS = {
    user_id: {
        "version": b"1",
        "json": b'{"id":"%s"}' % user_id.encode(),
        "proto": bytes(User(id=user_id)),
    }
    for user_id in IDS
}


class Turns:
    """The largest number of Python functions called in one turn of the event loop."""

    most = 0
    _calls = 0

    def profile(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            self._calls += 1

    def tick(self) -> None:
        self.most = max(self.most, self._calls)
        self._calls = 0
        self._handle = asyncio.get_running_loop().call_soon(self.tick)

    def stop(self) -> None:
        self._handle.cancel()


@contextmanager
def counted() -> Iterator[Turns]:
    turns = Turns()
    turns.tick()
    sys.setprofile(turns.profile)
    try:
        yield turns
    finally:
        sys.setprofile(None)
        turns.stop()


@asynccontextmanager
async def attacked(attack: Attack, port: int) -> AsyncIterator[None]:
    count = min(attack.connections, MOST_CONNECTIONS)
    until = float("inf")
    attackers = [asyncio.create_task(keep(attack, port, until)) for _ in range(count)]
    try:
        yield
    finally:
        for attacker in attackers:
            attacker.cancel()
        await asyncio.gather(*attackers, return_exceptions=True)


@asynccontextmanager
async def api(http2: str) -> AsyncIterator[tuple[HttpServer, GrpcServer]]:
    """Run query-api on an in-memory store; http2: name of the implementation."""
    telemetry.configure_logs("test", "info")
    tracing.configure("test", None, 0)
    directory = Directory("user", ViewQueries(MemoryReader(VIEWS), visible_timeout=1))
    http = HttpServer(query_api.http_api.routes(directory), HOST, 0, grace=5)
    service = query_api.grpc_api.UserQueries(directory)
    grpc = GrpcServer([service], descriptors(), Health({}), HOST, 0, http2=HTTP2[http2])
    async with serving(http, grpc):
        yield http, grpc


async def serve_the_innocent(http: HttpServer, grpc: GrpcServer) -> None:
    channel = Channel(HOST, grpc.port)
    try:
        for _ in range(CALLS_OF_THE_INNOCENT):
            await UserQueriesStub(channel).get(GetRequest(id=IDS[0]), timeout=TIMEOUT)
            assert await status_of(http.port, f"/user/{IDS[0]}") == b"200"
    finally:
        channel.close()


async def status_of(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    line = await reader.readline()
    writer.transport.abort()
    return line.split()[1]


def open_connections() -> float:
    return sum(sample.value for metric in connections.OPEN.collect() for sample in metric.samples)


@pytest.mark.parametrize(
    ("name", "http2"),
    [
        (name, http2)
        for name, attack in ATTACKS.items()
        for http2 in (HTTP2 if attack.port == "grpc" else ["own"])
    ],
)
async def test_attack_delays_others_by_a_bounded_part_of_a_turn(
    name: str, http2: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = open_connections()
    async with api(http2) as (http, grpc), asyncio.timeout(TIMEOUT):
        port = http.port if ATTACKS[name].port == "http" else grpc.port
        with counted() as turns:
            async with attacked(ATTACKS[name], port):
                await serve_the_innocent(http, grpc)

        async def forgotten() -> None:
            assert open_connections() == before

        await eventually(forgotten)
    lines = capsys.readouterr().out.splitlines()
    assert turns.most <= MOST_CALLS_IN_A_TURN[http2]
    assert len(lines) <= 1, lines
