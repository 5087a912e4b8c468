"""Client memory of all ports has one bound; at the bound the largest client is closed (case H4)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import cast

import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from chassis.grpc.server import GrpcServer
from chassis.http.messages import answer, read_body
from chassis.http.server import HttpServer
from chassis.limits.client_memory import (
    BODY_COPIES,
    CALL,
    COPIES,
    HTTP1_CONNECTION,
    HTTP2_CONNECTION,
    OF_PROCESS,
    PARSED,
    QUEUED,
    REQUEST,
)
from chassis.limits.connections import Limits
from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.testing import eventually, serving
from http2 import headers
from http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    NUMBER,
    PREFACE,
    SETTING,
    SETTINGS,
    written,
)
from user_contracts import descriptors
from user_contracts.proto.user.v1 import SearchRequest, SearchResponse, UserSearchBase

HOST = "127.0.0.1"
BOUND = 1_000_000  # bytes
LIMITS = Limits(client_memory=BOUND)
MANY = 60  # connections that would hold several times the bound
INITIAL_WINDOW, CALM = 4, 11  # a setting, and the code of GOAWAY
GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + bytes(50_000)
LINES = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 4_000) for number in range(7))
HALF = b"\0" + NUMBER.pack(60_000) + bytes(16_000)
BLOCK = headers.written(
    (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/user.v1.UserSearch/Search"),
        (":authority", "x"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    )
)
GREETING = PREFACE + written(SETTINGS, 0, 0)
NO_WINDOW = PREFACE + written(SETTINGS, 0, 0, SETTING.pack(INITIAL_WINDOW, 0))
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Searching(UserSearchBase):
    async def search(self, message: SearchRequest) -> SearchResponse:
        return SearchResponse(next_cursor="x" * 40_000)


async def body(request: web.Request) -> web.Response:
    return answer({"size": len(await read_body(request))})


async def large(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(60_000))


async def alive(_request: web.Request) -> web.Response:
    return answer({})


@pytest.fixture
async def ports() -> AsyncIterator[dict[str, int]]:
    routes = [web.get("/livez", alive), web.get("/large", large), web.post("/body", body)]
    http = HttpServer(routes, HOST, 0, grace=1, limits=LIMITS)
    grpc = GrpcServer([Searching()], descriptors(), Health({}), HOST, 0, limits=LIMITS)
    admin = AdminServer(Health({}), HOST, 0, LIMITS)
    async with serving(admin, grpc, http):
        yield {"http": http.port, "grpc": grpc.port, "admin": admin.port}


def calls(content: bytes, count: int, flags: int = 0) -> bytes:
    return b"".join(
        written(HEADERS, END_HEADERS, stream, BLOCK) + written(DATA, flags, stream, content)
        for stream in range(1, 2 * count, 2)
    )


@dataclass(frozen=True)
class Attack:
    """What each of MANY connections sends, and what the first that ends is sent.

    least: bytes that each makes the process hold, without the flat cost of a connection.
    """

    port: str
    sent: bytes
    least: int
    last_bytes: bytes = b""
    reads: bool = True


UNAVAILABLE = b"HTTP/1.1 503 "
CALM_DOWN = NUMBER.pack(CALM)
HALF_BLOCK = written(HEADERS, 0, 1, bytes(16_000)) + written(CONTINUATION, 0, 1, BLOCK)
ATTACKS = {
    "half of the headers": Attack("http", GET[:-2] + LINES, PARSED * len(LINES), UNAVAILABLE),
    "half of the headers, admin": Attack(
        "admin", GET[:-2] + LINES, PARSED * len(LINES), UNAVAILABLE
    ),
    "half of a body": Attack("http", BODY, REQUEST + BODY_COPIES * 50_000, UNAVAILABLE),
    "responses that are not read": Attack(
        "http", GET.replace(b"livez", b"large") * 100, 60_000 + 30 * QUEUED, reads=False
    ),
    "half messages": Attack("grpc", GREETING + calls(HALF, 10), 10 * (CALL + len(HALF)), CALM_DOWN),
    "calls without a message": Attack("grpc", GREETING + calls(b"", 30), 30 * CALL, CALM_DOWN),
    "half a header block": Attack("grpc", GREETING + HALF_BLOCK, 16_000, CALM_DOWN),
    "messages without a window": Attack(
        "grpc",
        NO_WINDOW + calls(b"\0" + bytes(4), 9, END_STREAM),
        9 * (CALL + COPIES * 40_000),
        CALM_DOWN,
    ),
}


@asynccontextmanager
async def connected(port: int, source: str = HOST) -> AsyncIterator[Streams]:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # the kernel takes megabytes
    client.bind((source, 0))
    client.connect((HOST, port))
    reader, writer = await asyncio.open_connection(sock=client)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def got(streams: Streams, sent: bytes = GET) -> bytes:
    streams[1].write(sent)
    async with asyncio.timeout(10):
        return await streams[0].readline()


def ended(port: str) -> float:
    labels = {"port": port, "reason": "memory"}
    return REGISTRY.get_sample_value("connections_ended_total", labels) or 0


def held() -> float:
    return REGISTRY.get_sample_value("client_memory_bytes") or 0


async def attack(
    one: Attack, ports: dict[str, int], stack: AsyncExitStack, connections: int = MANY
) -> list[Streams]:
    attackers = []
    for _ in range(connections):
        reader, writer = await stack.enter_async_context(connected(ports[one.port], "127.0.0.2"))
        if not one.reads:
            cast("asyncio.Transport", writer.transport).pause_reading()
        writer.write(one.sent)
        attackers.append((reader, writer))
    return attackers


async def check(probe: Callable[[], Awaitable[None]]) -> None:
    await eventually(probe, within=20)


@pytest.mark.parametrize("name", ATTACKS)
async def test_clients_hold_no_more_than_the_bound_and_others_are_served(
    ports: dict[str, int], name: str
) -> None:
    one = ATTACKS[name]
    before = ended(one.port)

    async def some_are_ended() -> None:
        assert ended(one.port) > before
        assert held() <= BOUND

    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(connected(ports["http"])) for _ in range(5)]
        for other in others:
            assert await got(other) == b"HTTP/1.1 200 OK\r\n"
            await other[0].readuntil(b"{}")
        attackers = await attack(one, ports, stack)
        await check(some_are_ended)
        for other in others:
            assert await got(other) == b"HTTP/1.1 200 OK\r\n"
        if one.last_bytes:
            assert one.last_bytes in await first_end(attackers)

    async def nothing_is_held() -> None:
        assert held() == OF_PROCESS.live == OF_PROCESS.ending == 0

    await check(nothing_is_held)


@pytest.mark.parametrize("name", ATTACKS)
async def test_what_a_connection_holds_is_counted_once(ports: dict[str, int], name: str) -> None:
    one = ATTACKS[name]
    flat = HTTP2_CONNECTION if one.port == "grpc" else HTTP1_CONNECTION

    async def that_is_held() -> None:
        assert one.least <= held() - flat <= 2 * one.least

    async with AsyncExitStack() as stack:
        await attack(one, ports, stack, 1)
        await check(that_is_held)


async def first_end(attackers: list[Streams]) -> bytes:
    """Return everything sent to the first connection that was closed."""
    reading = [asyncio.create_task(reader.read()) for reader, _ in attackers]
    done, waiting = await asyncio.wait(reading, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    received = [task.result() for task in done]
    return max(received, key=len)


async def test_waiting_client_gets_the_reason_before_the_abort(
    ports: dict[str, int],
) -> None:
    async with AsyncExitStack() as stack:
        attackers = await attack(ATTACKS["half of a body"], ports, stack)
        received = await first_end(attackers)
    assert received.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nConnection: close\r\n" in received
    assert b"urn:problem:unavailable" in received


async def test_a_call_that_was_cancelled_before_it_began_holds_nothing(
    ports: dict[str, int],
) -> None:
    reset = written(3, 0, 1, NUMBER.pack(8))
    async with connected(ports["grpc"]) as (_, writer):
        writer.write(GREETING + written(HEADERS, END_HEADERS, 1, BLOCK) + reset)

        async def only_the_connection() -> None:
            assert HTTP2_CONNECTION <= held() < HTTP2_CONNECTION + 2_000

        await check(only_the_connection)
        await got_ping(writer)
        await check(only_the_connection)


async def got_ping(writer: asyncio.StreamWriter) -> None:
    writer.write(written(6, 0, 0, bytes(8)))
    await writer.drain()
