"""Memory held for clients stays within the bound, and is freed when they disconnect."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.limits.client_memory import CALL, OF_PROCESS, ClientMemory
from chassis.limits.connections import Limits
from chassis.testing import eventually
from tests.support.clients.raw_grpc import RawCaller, calling, message
from tests.support.fakes import in_process_api
from tests.support.fakes.in_process_api import HOST, Ports
from user_contracts.proto.user.v1 import CreateRequest

BOUND = 1_000_000  # bytes
ONE_READ = 262_144  # bytes
ONE_TURN = 20 * 2 * CALL  # bytes of the calls that begin in a turn of the event loop
ANN = bytes(CreateRequest(first_name="Ann", last_name="Lee"))
POST = b"POST /user HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
OVER_GRPC = {
    "half messages": lambda caller: [
        caller.send(caller.open(), message(60_000, bytes(16_000))) for _ in range(4)
    ],
    "calls": lambda caller: [caller.open() for _ in range(90)],
    "metadata": lambda caller: [caller.open(metadata=[("x-a", "y" * 8_000)]) for _ in range(20)],
    "abandoned calls": lambda caller: [caller.reset(caller.open()) for _ in range(90)],
    "whole calls": lambda caller: [
        caller.send(caller.open(), message(len(ANN), ANN), is_end=True) for _ in range(90)
    ],
    "untaken responses": lambda caller: [
        caller.close_window(),
        *[caller.send(caller.open(), message(len(ANN), ANN), is_end=True) for _ in range(90)],
    ],
}
OVER_HTTP = {
    "half of the headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 90,
    "half of a body": POST + b"Content-Length: 60000\r\n\r\n" + bytes(50_000),
    "requests": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100,
    "tiny chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 5_000,
    "no HTTP": b"\x16\x03\x01",
}
ACTS = st.lists(st.sampled_from([*OVER_GRPC, *OVER_HTTP, "leave"]), min_size=1, max_size=25)


@pytest.fixture(scope="module")
async def ports() -> AsyncIterator[Ports]:
    async with in_process_api.opened(limits=Limits(client_memory=BOUND)) as ports:
        yield ports


@pytest.fixture(scope="module")
def most() -> Iterator[list[int]]:
    """Record the largest sum before connections were closed for it, as the only element."""
    seen, patch, make_room = [0], pytest.MonkeyPatch(), ClientMemory._make_room

    def seen_and_made(memory: ClientMemory, bound: int) -> None:
        seen[0] = max(seen[0], memory.live)
        make_room(memory, bound)

    patch.setattr(ClientMemory, "_make_room", seen_and_made)
    yield seen
    patch.undo()


@pytest.fixture(scope="module")
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def act(name: str, ports: Ports, stack: AsyncExitStack) -> None:
    if name == "leave":
        await stack.aclose()
    elif name in OVER_GRPC:
        caller: RawCaller = await stack.enter_async_context(calling(ports.grpc))
        stack.callback(caller.hang_up)
        OVER_GRPC[name](caller)
        with suppress(ConnectionError):
            await caller.flush()
    else:
        _, writer = await asyncio.open_connection(HOST, ports.http)
        stack.callback(cut, writer)
        writer.write(OVER_HTTP[name])


def cut(writer: asyncio.StreamWriter) -> None:
    """Close; until then a reference to the writer must be kept, or it would close early."""
    writer.transport.abort()


async def nothing_is_held() -> None:
    assert OF_PROCESS.live == OF_PROCESS.ending == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(names=ACTS)
@pytest.mark.usefixtures("uncollected")
async def test_client_memory_stays_bounded_and_is_freed_on_disconnect(
    ports: Ports, most: list[int], names: list[str]
) -> None:
    async with AsyncExitStack() as stack:
        for name in names:
            await act(name, ports, stack)
            await ports.serve_others()
            assert OF_PROCESS.live <= BOUND
    await eventually(nothing_is_held, every=0.005)
    assert most[0] <= BOUND + ONE_READ + ONE_TURN


async def test_memory_bound_is_reached(ports: Ports, most: list[int]) -> None:
    """Without this the test above would prove nothing."""
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await act("half messages", ports, stack)
        await ports.serve_others()
    await eventually(nothing_is_held)
    assert most[0] > BOUND
