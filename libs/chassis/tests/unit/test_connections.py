"""Slow, incomplete and idle clients, and too many connections."""

import asyncio
import resource
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.grpc.server import GrpcServer
from chassis.http.messages import answer
from chassis.http.server import HttpServer
from chassis.limits import client_memory, connections
from chassis.limits.connections import Limits
from chassis.observability import telemetry
from chassis.observability.log_limit import LogLimit
from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.testing import eventually, serving
from http2.frames import ACK, PING, PREFACE, SETTINGS, written
from http2.implementations import HTTP2
from user_contracts import descriptors
from user_contracts.proto.user.v1 import UserSearchBase

QUICK = Limits(connections=5, header_timeout=0.3, idle_timeout=0.9)
TIMEOUT = 10  # seconds; the limits above are far below it
GREETING = PREFACE + written(SETTINGS, 0, 0)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def at_once(_request: web.Request) -> web.Response:
    return answer({})


@pytest.fixture
def go_on() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def http2() -> str:
    return "own"


both = pytest.mark.parametrize("http2", HTTP2)


@pytest.fixture
async def ports(go_on: asyncio.Event, http2: str) -> AsyncIterator[dict[str, int]]:
    async def later(_request: web.Request) -> web.Response:
        await go_on.wait()
        return answer({})

    host, health = "127.0.0.1", Health({})
    routes = [web.get("/", at_once), web.get("/later", later)]
    http = HttpServer(routes, host, 0, grace=1, limits=QUICK)
    service = UserSearchBase()
    grpc = GrpcServer([service], descriptors(), health, host, 0, limits=QUICK, http2=HTTP2[http2])
    admin = AdminServer(health, host, 0, QUICK)
    async with serving(admin, grpc, http):
        yield {"http": http.port, "grpc": grpc.port, "admin": admin.port}


@asynccontextmanager
async def connected(
    port: int, sent: bytes = b"", source: str = "127.0.0.1"
) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        writer.write(sent)
        yield reader, writer
    finally:
        writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Return everything that the server sends until it closes."""
    async with asyncio.timeout(TIMEOUT):
        return await reader.read()


def ended(port: str, reason: str) -> float:
    labels = {"port": port, "reason": reason}
    return REGISTRY.get_sample_value("connections_ended_total", labels) or 0


@pytest.mark.parametrize("port", ["http", "admin", "grpc"])
async def test_client_that_sends_nothing_is_disconnected(ports: dict[str, int], port: str) -> None:
    before = ended(port, "late")
    async with connected(ports[port]) as (reader, _):
        received = await rest(reader)
    assert (received == b"") is (
        port != "grpc"
    )  # over HTTP/2 the server sends its preface and GOAWAY
    assert ended(port, "late") == before + 1


HALVES = [b"G", b"GET / HT", GET[:-2], b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"\r\n"]


@pytest.mark.parametrize("sent", HALVES)
@pytest.mark.parametrize("port", ["http", "admin"])
async def test_incomplete_request_returns_408(
    ports: dict[str, int], port: str, sent: bytes
) -> None:
    async with connected(ports[port], sent) as (reader, _):
        received = await rest(reader)
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"urn:problem:too-slow" in received
    assert b"Server:" not in received


async def test_slow_bytes_do_not_extend_the_deadline(ports: dict[str, int]) -> None:
    """Slowloris: single bytes at intervals."""
    async with connected(ports["http"], b"GET / HTTP/1.1\r\nX: ") as (reader, writer):

        async def is_closed() -> None:
            writer.write(b"y")
            assert reader.at_eof()

        received = asyncio.create_task(rest(reader))
        await eventually(is_closed, within=TIMEOUT)
        assert (await received).startswith(b"HTTP/1.1 408 ")


async def test_idle_connection_is_closed_without_a_response(ports: dict[str, int]) -> None:
    loop = asyncio.get_running_loop()
    async with connected(ports["http"], GET) as (reader, _):
        assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 200 ")
        answered = loop.time()
        assert await rest(reader) == b""
    assert loop.time() - answered > QUICK.header_timeout


async def test_incomplete_second_request_has_the_same_deadline(ports: dict[str, int]) -> None:
    async with connected(ports["http"], GET) as (reader, writer):
        await reader.readuntil(b"{}")
        writer.write(b"GET / ")
        assert (await rest(reader)).startswith(b"HTTP/1.1 408 ")


async def test_slow_handler_is_not_timed_out(ports: dict[str, int], go_on: asyncio.Event) -> None:
    sent = GET.replace(b"/ ", b"/later ").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with connected(ports["http"], sent) as (reader, _), connected(ports["http"]) as (idle, _):
        await rest(idle)  # and with it more than any limit of ours
        async with connected(ports["http"], GET) as (kept, _):
            await rest(kept)
        go_on.set()
        assert (await rest(reader)).startswith(b"HTTP/1.1 200 ")


HALVES_OF_HTTP2 = {
    "half a preface": PREFACE[:10],
    "a preface alone": PREFACE,
    "half of the settings": GREETING[:-3],
    "half a frame": GREETING + b"\0\0\x08",
    "half a header block": GREETING + written(1, 0, 1, b"\x83"),
}


@both
@pytest.mark.parametrize("name", HALVES_OF_HTTP2)
async def test_incomplete_http2_input_ends_in_goaway(ports: dict[str, int], name: str) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with connected(ports["grpc"], HALVES_OF_HTTP2[name]) as (reader, _):
        received = await rest(reader)
    assert b"\x07\x00\x00\x00\x00\x00" in received  # a GOAWAY of the connection
    assert PING_FRAME not in received
    assert loop.time() - began < TIMEOUT / 2


PING_FRAME = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00"


@both
async def test_a_silent_grpc_connection_must_answer_a_ping(ports: dict[str, int]) -> None:
    async with connected(ports["grpc"], GREETING) as (reader, _):
        received = await rest(reader)
    assert received.count(PING_FRAME) == 1
    assert b"\x07\x00\x00\x00\x00\x00" in received


@both
async def test_an_idle_grpc_connection_that_answers_pings_is_kept(ports: dict[str, int]) -> None:
    async with connected(ports["grpc"], GREETING) as (reader, writer), asyncio.timeout(TIMEOUT):
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            await reader.readuntil(PING_FRAME)
            writer.write(written(PING, ACK, 0, await reader.readexactly(8)))
        assert not reader.at_eof()
        assert asyncio.get_running_loop().time() - began > 2 * QUICK.idle_timeout


@pytest.mark.parametrize("port", ["http", "admin", "grpc"])
async def test_connection_above_the_limit_displaces_the_longest_idle(
    ports: dict[str, int], port: str
) -> None:
    path = b"GET /livez" if port == "admin" else b"GET /"
    async with AsyncExitStack() as stack:
        before = ended(port, "no_room")
        opened: Sequence[Streams] = [
            await stack.enter_async_context(connected(ports[port]))
            for _ in range(QUICK.connections + 1)
        ]
        first = opened[0][0]
        await rest(first)
        assert ended(port, "no_room") == before + 1
        if port != "grpc":
            reader, writer = opened[-1]
            writer.write(path + GET[5:])
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")


async def test_connection_above_the_limit_is_refused_if_all_are_busy(
    ports: dict[str, int], go_on: asyncio.Event
) -> None:
    async def all_run() -> None:
        running = REGISTRY.get_sample_value("requests_in_flight", {"protocol": "http"})
        assert running == QUICK.connections

    sent = GET.replace(b"/ ", b"/later ")
    async with AsyncExitStack() as stack:
        busy: Sequence[Streams] = [
            await stack.enter_async_context(connected(ports["http"], sent))
            for _ in range(QUICK.connections)
        ]
        await eventually(all_run)
        async with connected(ports["http"]) as (reader, _):
            assert await rest(reader) == b""
        go_on.set()
        for reader, _ in busy:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("port", ["http", "admin", "grpc"])
async def test_client_with_many_connections_displaces_no_other_client(
    ports: dict[str, int], port: str
) -> None:
    async with AsyncExitStack() as stack:
        other, _ = await stack.enter_async_context(connected(ports[port], source="127.0.0.2"))
        many: Sequence[Streams] = [
            await stack.enter_async_context(connected(ports[port]))
            for _ in range(QUICK.connections + 3)
        ]
        for reader, _ in many[:4]:
            await rest(reader)
        assert not other.at_eof()


async def test_busy_client_displaces_no_idle_connection_of_others(
    ports: dict[str, int], go_on: asyncio.Event
) -> None:
    async def all_run() -> None:
        running = REGISTRY.get_sample_value("requests_in_flight", {"protocol": "http"})
        assert running == QUICK.connections - 1

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        other, _ = await enter(connected(ports["http"], source="127.0.0.2"))
        for _ in range(QUICK.connections - 1):
            await enter(connected(ports["http"], GET.replace(b"/ ", b"/later ")))
        await eventually(all_run)
        newest, _ = await enter(connected(ports["http"]))
        assert await rest(newest) == b""
        assert not other.at_eof()
        go_on.set()


async def test_connections_leave_file_descriptors_for_everything_else(
    ports: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (connections.RESERVE + 3, 4096))
    monkeypatch.setattr(connections, "_warnings", LogLimit(10))
    telemetry.configure_logs("test", "debug")
    async with AsyncExitStack() as stack:
        with capture_logs() as logs:
            opened = [
                await stack.enter_async_context(connected(ports[port]))
                for port in ("grpc", "http", "admin", "http")
            ]
            assert await rest(opened[1][0]) == b""
    lines = [line for line in logs if line["event"] == "connection limit reached"]
    assert [line["port"] for line in lines] == ["http"]


async def test_closed_connections_are_forgotten(ports: dict[str, int]) -> None:
    async def none_is_open() -> None:
        for port in ports:
            assert REGISTRY.get_sample_value("connections_open", {"port": port}) == 0

    for port in ports.values():
        async with connected(port):
            pass
    await eventually(none_is_open)


class Late:
    """A connection that arrives after all others were aborted."""

    address = "192.0.2.1"
    waiting_since = 0.0
    is_aborted = False
    counted = bound = 0

    @property
    def holder(self) -> "Late":
        return self

    def held(self) -> int:
        return 0

    def give_up(self) -> None:
        pass

    def is_overdue(self, _now: float) -> bool:
        return False

    def end(self) -> None:
        pass

    def abort(self) -> None:
        self.is_aborted = True


def test_connection_after_abort_is_closed() -> None:
    port, late = connections.Connections("test", Limits()), Late()
    port.abort()
    port.add(late)
    assert late.is_aborted
    port.remove(late)
    client_memory.OF_PROCESS.remove(late)
