"""Any frames to the gRPC server get a response in bounded time and memory; others are served."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.grpc import stream as grpc_stream
from chassis.grpc.stream import MAX_MESSAGE
from chassis.testing import eventually
from http2.implementations import HTTP2
from tests.support.clients.raw_grpc import calling, message
from tests.support.fakes import in_process_api
from tests.support.fakes.in_process_api import Ports
from user_contracts.proto.user.v1 import CreateRequest

ANN = bytes(CreateRequest(first_name="Ann", last_name="Lee"))
OK, INVALID, DEADLINE, TOO_LARGE = "grpc 0", "grpc 3", "grpc 4", "grpc 8"
# grpclib's own responses to what is not a valid call: UNKNOWN, UNIMPLEMENTED and HTTP's 415.
REFUSED = {INVALID, DEADLINE, TOO_LARGE, "grpc 2", "grpc 12", "http 415", "reset"}
GROWTH = 20 * 2**20  # bytes; a flood that is stored is larger


@pytest.fixture(scope="module", params=HTTP2)
def http2(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
async def ports(http2: str) -> AsyncIterator[Ports]:
    patch = pytest.MonkeyPatch()
    patch.setattr(grpc_stream, "MESSAGE_WITHIN", 0.05)  # for messages that never arrive
    async with in_process_api.opened(http2) as ports:
        yield ports
        patch.undo()
        await ports.serve_others()


async def answer(ports: Ports, data: bytes, is_end: bool, content: str = "application/grpc") -> str:  # noqa: FBT001
    async with calling(ports.grpc) as caller:
        stream = caller.open(content)
        caller.send(stream, data, is_end)
        return await caller.answer(stream)


async def test_valid_raw_call_is_served(ports: Ports) -> None:
    assert await answer(ports, message(len(ANN), ANN), is_end=True) == OK


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    length=st.integers(0, 2**32 - 1) | st.sampled_from([MAX_MESSAGE, MAX_MESSAGE + 1, 2**31]),
    body=st.binary(max_size=64),
    compressed=st.integers(0, 255),
    is_end=st.booleans(),
)
async def test_any_message_is_served_or_rejected(
    ports: Ports,
    length: int,
    body: bytes,
    compressed: int,
    is_end: bool,  # noqa: FBT001
) -> None:
    status = await answer(ports, message(length, body, compressed), is_end)
    assert status in REFUSED | ({OK} if length <= len(body) else set())
    if length > MAX_MESSAGE and not compressed:
        assert status == TOO_LARGE


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00\x00\x00", message(len(ANN), ANN[:-1])])
@pytest.mark.parametrize("is_end", [True, False])
async def test_truncated_message_is_rejected(ports: Ports, data: bytes, is_end: bool) -> None:  # noqa: FBT001
    assert await answer(ports, data, is_end) in REFUSED


@pytest.mark.parametrize("content", ["", "text/html", "application/json", "application/grpc+json"])
async def test_other_content_type_is_rejected(ports: Ports, content: str) -> None:
    assert await answer(ports, message(len(ANN), ANN), is_end=True, content=content) in REFUSED


async def test_compressed_message_is_unimplemented(ports: Ports) -> None:
    assert await answer(ports, message(len(ANN), ANN, compressed=1), is_end=True) == "grpc 12"


async def test_message_in_tiny_frames_is_accepted(ports: Ports) -> None:
    data = message(len(ANN), ANN)
    async with calling(ports.grpc) as caller:
        stream = caller.open()
        for number in range(len(data)):
            caller.send(stream, data[number : number + 1], number == len(data) - 1)
        assert await caller.answer(stream) == OK


async def test_too_many_headers_end_their_connection_and_no_other(ports: Ports) -> None:
    """h2 accepts 64 kB of them."""
    async with calling(ports.grpc) as caller:
        stream = caller.open(metadata=[(f"x-{number}", "y" * 100) for number in range(5_000)])
        assert await caller.answer(stream) == "closed"
    await ports.serve_others()


async def check_that_nothing_stays(ports: Ports, flood: Callable[[], Awaitable[None]]) -> None:
    """Check after floods of one kind: others are served, no task remains, memory stays equal."""
    tasks, memory = len(asyncio.all_tasks()), []

    async def as_before() -> None:
        assert len(asyncio.all_tasks()) <= tasks

    for _ in range(2):
        await flood()
        await ports.serve_others()
        await eventually(as_before, within=30)
        memory.append(psutil.Process().memory_info().rss)
    assert memory[1] - memory[0] < GROWTH


async def test_flood_of_tiny_frames_is_freed(ports: Ports, http2: str) -> None:
    ends = {"closed"} if http2 == "own" else {"closed", DEADLINE}  # h2 takes longer than 50 ms

    async def flood() -> None:
        for _ in range(5):
            async with calling(ports.grpc) as caller:
                stream = caller.open()
                caller.send(stream, message(MAX_MESSAGE, b""))
                for _ in range(5_000):
                    caller.send(stream, b"x")
                with suppress(ConnectionError):
                    assert await caller.answer(stream) in ends

    await check_that_nothing_stays(ports, flood)


async def test_rapidly_reset_streams_are_freed(ports: Ports) -> None:
    async def flood() -> None:
        for _ in range(20):  # grpclib keeps up to ten closed connections until others come
            async with calling(ports.grpc) as caller:
                for _ in range(250):
                    caller.reset(caller.open())
                await caller.flush()

    await check_that_nothing_stays(ports, flood)


async def test_client_that_resets_calls_endlessly_is_disconnected(ports: Ports) -> None:
    """The pattern of CVE-2023-44487."""
    async with calling(ports.grpc) as caller:
        for _ in range(2_000):
            caller.reset(caller.open())
        assert await caller.answer(caller.open()) == "closed"
    await ports.serve_others()


async def test_client_that_does_not_read_responses_gets_backpressure(ports: Ports) -> None:
    async def is_read() -> bool:
        caller.refused_calls(1_000)
        try:
            await asyncio.wait_for(caller.flush(), 1)
        except TimeoutError:
            return False
        return True

    async with calling(ports.grpc) as caller:
        for _ in range(200):  # 30 MB of responses
            if not await is_read():
                break
        else:
            pytest.fail("all requests were read, and all responses are stored")
        caller.hang_up()
    await ports.serve_others()


async def received_by(ports: Ports, sent: bytes) -> bytes:
    """Send bytes to the gRPC port; return what it sends until it closes the connection."""
    reader, writer = await asyncio.open_connection(in_process_api.HOST, ports.grpc)
    writer.write(sent)
    async with asyncio.timeout(10):
        received = await reader.read()
    writer.close()
    return received


async def test_other_protocol_gets_goaway(ports: Ports) -> None:
    received = await received_by(ports, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert received.endswith(b"\0\0\0\1")  # GOAWAY with PROTOCOL_ERROR, then the end


async def test_bug_in_the_processing_of_frames_ends_its_connection_alone(
    ports: Ports, http2: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: object, data: bytes) -> None:
        raise KeyError(data)

    with monkeypatch.context() as patch:
        patch.setattr(HTTP2[http2], "receive_data", broken)
        received = await received_by(ports, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert received.endswith(b"\0\0\0\2")  # GOAWAY with INTERNAL_ERROR, then the end
    await ports.serve_others()


async def test_abandoned_calls_are_freed(ports: Ports) -> None:
    async def flood() -> None:
        for _ in range(100):
            async with calling(ports.grpc) as caller:
                caller.send(caller.open(), message(MAX_MESSAGE, b"x" * 10_000))
                await caller.flush()

    await check_that_nothing_stays(ports, flood)
