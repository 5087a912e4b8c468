"""Objects of a closed connection are freed at once, without the garbage collector (case H3)."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from chassis.grpc import stream as grpc_stream
from chassis.testing import eventually
from http2.implementations import HTTP2
from tests.support.clients.raw_grpc import RawCaller, calling, message
from tests.support.fakes import in_process_api
from tests.support.fakes.in_process_api import HOST, Ports
from user_contracts.proto.user.v1 import CreateRequest

WATCH = "/grpc.health.v1.Health/Watch"
ANN = bytes(CreateRequest(first_name="Ann", last_name="Lee"))
OF_A_CONNECTION = {
    "_Protocol",
    "Http2Connection",
    "H2BoundedConnection",
    "GrpcConnection",
    "Calls",
    "CallHandler",
    "CallStream",
    "_Buffer",
    "HttpConnection",
}
HALF_A_BODY = (
    b"POST /user HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 90\r\n\r\n{"
)
Act = Callable[[RawCaller], Awaitable[None]]


@pytest.fixture(scope="module", params=HTTP2)
def http2(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
async def ports(http2: str) -> AsyncIterator[Ports]:
    async with in_process_api.opened(http2) as ports:
        yield ports


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def held() -> Counter[str]:
    """Count the objects of connections that exist."""
    kinds = (type(one).__name__ for one in gc.get_objects())
    return Counter(kind for kind in kinds if kind in OF_A_CONNECTION)


async def idle(_caller: RawCaller) -> None:
    """Send the connection preface only."""


async def half_messages(caller: RawCaller) -> None:
    for _ in range(16):
        caller.send(caller.open(), message(60_000, bytes(1_000)))


async def calls_without_a_message(caller: RawCaller) -> None:
    for _ in range(50):
        caller.open()


async def unread_responses(caller: RawCaller) -> None:
    caller.close_window()
    for _ in range(50):
        caller.send(caller.open(), message(len(ANN), ANN), is_end=True)


async def answered_calls(caller: RawCaller) -> None:
    for _ in range(3):
        stream = caller.open()
        caller.send(stream, message(len(ANN), ANN), is_end=True)
        assert await caller.answer(stream) == "grpc 0"


async def watches(caller: RawCaller) -> None:
    for _ in range(20):
        path = [(":method", "POST"), (":scheme", "http"), (":path", WATCH), (":authority", "x")]
        stream = caller.begin([*path, ("te", "trailers"), ("content-type", "application/grpc")])
        caller.send(stream, message(0, b""), is_end=True)


async def calls_with_a_deadline(caller: RawCaller) -> None:
    for _ in range(20):
        caller.open(metadata=[("grpc-timeout", "60S")])


async def calls_that_are_abandoned(caller: RawCaller) -> None:
    for _ in range(50):
        caller.reset(caller.open())


async def a_flood(caller: RawCaller) -> None:
    stream = caller.open()
    for _ in range(3_000):
        caller.send(stream, b"x")


async def refused_calls(caller: RawCaller) -> None:
    caller.refused_calls(500)


async def check_that_nothing_is_held(before: Counter[str]) -> None:
    async def as_before() -> None:
        assert held() <= before

    await eventually(as_before, within=10)


@pytest.mark.parametrize(
    "act",
    [
        idle,
        half_messages,
        calls_without_a_message,
        unread_responses,
        answered_calls,
        watches,
        calls_with_a_deadline,
        calls_that_are_abandoned,
        a_flood,
        refused_calls,
    ],
    ids=lambda act: act.__name__,
)
@pytest.mark.usefixtures("uncollected")
async def test_closed_grpc_connection_is_freed(ports: Ports, act: Act) -> None:
    before = held()
    for _ in range(3):
        with suppress(ConnectionError):
            async with calling(ports.grpc) as caller:
                await act(caller)
                await caller.flush()
                await ports.serve_others()  # the server has processed the bytes
                caller.hang_up()
    await check_that_nothing_is_held(before)


@pytest.mark.usefixtures("uncollected")
async def test_unread_response_is_freed(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_stream, "TAKEN_WITHIN", 0.05)
    before = held()
    async with calling(ports.grpc) as caller:
        caller.close_window()
        stream = caller.open()
        caller.send(stream, message(len(ANN), ANN), is_end=True)
        assert await caller.answer(stream) == "reset"
        caller.hang_up()
    await check_that_nothing_is_held(before)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100,
        HALF_A_BODY,
        b"\x16\x03\x01",
        b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PUT /user HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=[
        "nothing",
        "half of the headers",
        "unread responses",
        "half of a body",
        "no HTTP",
        "no route",
        "no such method",
    ],
)
@pytest.mark.usefixtures("uncollected")
async def test_closed_http_connection_is_freed(ports: Ports, sent: bytes) -> None:
    before = held()
    for _ in range(3):
        _, writer = await asyncio.open_connection(HOST, ports.http)
        writer.write(sent)
        await ports.serve_others()
        writer.transport.abort()
    await check_that_nothing_is_held(before)
