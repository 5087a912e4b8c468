"""Shutdown waits for clients no longer than the grace time, then exits with 0 (case H7)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from chassis.grpc.server import GrpcServer
from chassis.http.connection import HttpConnection
from chassis.http.messages import answer, read_body
from chassis.http.server import HttpServer
from chassis.observability import telemetry
from chassis.process.admin_server import AdminServer
from chassis.process.components import Process
from chassis.process.health import Health
from chassis.process.lifecycle import run
from chassis.testing import eventually
from http2.implementations import HTTP2
from tests.support.clients.raw_grpc import calling, message
from user_contracts import descriptors
from user_contracts.proto.user.v1 import SearchRequest, SearchResponse, UserSearchBase

HOST = "127.0.0.1"
GRACE = 0.3
LARGE = bytes(50 * 2**20)  # more than the kernel keeps for a client that does not read
SEARCH = "/user.v1.UserSearch/Search"
WATCH = "/grpc.health.v1.Health/Watch"
Act = Callable[["Servers", AsyncExitStack], Awaitable[None]]


class Searching(UserSearchBase):
    async def search(self, message: SearchRequest) -> SearchResponse:
        return SearchResponse(next_cursor="x" * 200_000)


class Servers:
    """All servers of an API, with requests that never finish by themselves."""

    def __init__(self, http2: str) -> None:
        self.health = Health({})
        routes = [
            web.get("/large", self._large),
            web.get("/endless", self._endless),
            web.post("/body", self._body),
        ]
        self.http = HttpServer(routes, HOST, 0, GRACE)
        self.grpc = GrpcServer(
            [Searching()], descriptors(), self.health, HOST, 0, http2=HTTP2[http2]
        )
        self.admin = AdminServer(self.health, HOST, 0)
        self.process = Process([self.admin, self.http, self.grpc], self.health)
        self.begun = 0

    async def _large(self, _request: web.Request) -> web.Response:
        self.begun += 1
        return web.Response(body=LARGE)

    async def _endless(self, _request: web.Request) -> web.Response:
        self.begun += 1
        await asyncio.Event().wait()
        return answer({})

    async def _body(self, request: web.Request) -> web.Response:
        self.begun += 1
        await read_body(request)
        return answer({})

    async def has_begun(self) -> None:
        assert self.begun


async def sent(servers: Servers, stack: AsyncExitStack, data: str, port: int | None = None) -> None:
    _, writer = await asyncio.open_connection(HOST, port or servers.http.port)
    stack.callback(writer.close)
    writer.write(data.encode())


async def unread_download(servers: Servers, stack: AsyncExitStack) -> None:
    await sent(servers, stack, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    await eventually(servers.has_begun)


async def request_without_end(servers: Servers, stack: AsyncExitStack) -> None:
    await sent(servers, stack, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
    await eventually(servers.has_begun)


async def unfinished_body(servers: Servers, stack: AsyncExitStack) -> None:
    head = "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    await sent(servers, stack, head + "half")
    await eventually(servers.has_begun)


async def unfinished_headers(servers: Servers, stack: AsyncExitStack) -> None:
    await sent(servers, stack, "GET / HTTP/1.1\r\nHost: x\r\n")
    await sent(servers, stack, "GET / HTTP/1.1\r\nHost: x\r\n", servers.admin.port)
    await eventually(lambda: _has_connections(servers))


async def unread_metrics(servers: Servers, stack: AsyncExitStack) -> None:
    many = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 5000
    await sent(servers, stack, many, servers.admin.port)
    await eventually(lambda: _is_unread(servers))


async def call_without_a_message(servers: Servers, stack: AsyncExitStack) -> None:
    caller = await stack.enter_async_context(calling(servers.grpc.port))
    caller.begin(_headers(SEARCH))
    await caller.flush()
    await eventually(lambda: _runs(servers))


async def stalled_response(servers: Servers, stack: AsyncExitStack) -> None:
    caller = await stack.enter_async_context(calling(servers.grpc.port))
    caller.close_window()
    stream = caller.begin(_headers(SEARCH))
    caller.send(stream, message(0, b""), is_end=True)
    await caller.flush()
    await eventually(lambda: _runs(servers))


async def watch_without_end(servers: Servers, stack: AsyncExitStack) -> None:
    caller = await stack.enter_async_context(calling(servers.grpc.port))
    stream = caller.begin(_headers(WATCH))
    caller.send(stream, message(0, b""), is_end=True)
    assert await caller.answer(stream, is_message_enough=True) == "message"


def _headers(path: str) -> list[tuple[str | bytes, str | bytes]]:
    first = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x")]
    return [*first, ("te", "trailers"), ("content-type", "application/grpc")]


async def _has_connections(servers: Servers) -> None:
    assert servers.http._connections._open
    assert servers.admin._connections._open


async def _is_unread(servers: Servers) -> None:
    of_admin = [one for one in servers.admin._connections._open if isinstance(one, HttpConnection)]
    assert any(one._paused for one in of_admin)  # by its transport, whose client does not read


async def _runs(servers: Servers) -> None:
    assert servers.grpc._in_flight._running


STUCK: list[Act] = [
    unread_download,
    request_without_end,
    unfinished_body,
    unfinished_headers,
    unread_metrics,
    call_without_a_message,
    stalled_response,
    watch_without_end,
]


async def stopped_with(acts: list[Act], http2: str) -> tuple[float, list[dict[str, object]]]:
    """Return the seconds that a shutdown takes while clients do this, and the warnings."""
    telemetry.configure_logs("test", "debug")
    servers, stop = Servers(http2), asyncio.Event()
    running = asyncio.create_task(run(servers.process, stop, 0, GRACE))
    async with AsyncExitStack() as stack:
        with capture_logs() as logs:
            for act in acts:
                await act(servers, stack)
            began = time.monotonic()
            stop.set()
            await running
    took = time.monotonic() - began
    return took, [dict(line) for line in logs if line["log_level"] == "warning"]


@pytest.mark.parametrize("http2", HTTP2)
@pytest.mark.parametrize("act", STUCK, ids=lambda act: act.__name__)
async def test_stuck_client_does_not_delay_shutdown(act: Act, http2: str) -> None:
    took, warnings = await stopped_with([act], http2)
    assert took < GRACE + 1
    if act in {unfinished_headers, watch_without_end}:  # nothing runs for them
        assert not warnings
    else:
        assert [(line["event"], line["connections"]) for line in warnings] == [
            ("connections aborted", 1)
        ]


@pytest.mark.parametrize("http2", HTTP2)
async def test_many_stuck_clients_do_not_delay_shutdown(http2: str) -> None:
    took, warnings = await stopped_with(STUCK * 5, http2)
    assert took < GRACE + 1
    assert warnings
