"""Any headers of a gRPC call get a response in bounded time; they are counted, and not as 5xx."""

import logging
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.grpc import stream as grpc_stream
from chassis.observability import telemetry
from chassis.testing import eventually
from http2.implementations import HTTP2
from tests.support.clients.http2_pair import unless_h2
from tests.support.clients.raw_grpc import CREATE, calling, message
from tests.support.fakes import in_process_api
from tests.support.fakes.in_process_api import Ports
from user_contracts.proto.user.v1 import CreateRequest

ANN = bytes(CreateRequest(first_name="Ann", last_name="Lee"))
GOOD = message(len(ANN), ANN)
CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
METHODS = [CREATE, CHECK, WATCH, REFLECTION]
OK, INVALID, DEADLINE, UNKNOWN_METHOD = "grpc 0", "grpc 3", "grpc 4", "grpc 12"
NOT_FOUND, TOO_LARGE = "grpc 5", "grpc 8"  # NOT_FOUND: health of an unknown service
RESPONSES = {OK, INVALID, DEADLINE, NOT_FOUND, TOO_LARGE, UNKNOWN_METHOD, "reset", "closed"}
Pair = tuple[str | bytes, str | bytes]
Pairs = Iterable[Pair]


@pytest.fixture(scope="module", params=HTTP2)
def http2(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
async def ports(http2: str) -> AsyncIterator[Ports]:
    patch = pytest.MonkeyPatch()
    patch.setattr(grpc_stream, "MESSAGE_WITHIN", 0.05)  # for messages that never arrive
    patch.setattr(grpc_stream, "NEXT_MESSAGE_WITHIN", 0.05)
    async with in_process_api.opened(http2) as ports:
        telemetry.configure_logs("test", "debug")
        yield ports
        patch.undo()
        await ports.serve_others()


def counted() -> float:
    """Return the number of gRPC requests in the metrics, whatever their outcome."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "request_duration_seconds_count" and sample.labels["protocol"] == "grpc"
    )


def ours() -> float:
    """Return the number of requests that the alert RequestsFail counts as server errors."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "request_duration_seconds_count"
        and sample.labels["status"] in {"UNAVAILABLE", "INTERNAL", "500", "503"}
    )


def headers(method: str, *others: Pair) -> Pairs:
    """Return a valid call's headers, in which others replace those of the same name."""
    good: dict[str | bytes, str | bytes] = {
        ":method": "POST",
        ":scheme": "http",
        ":path": method,
        ":authority": "x",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    for name, _ in others:
        good.pop(name, None)
    pairs = [*good.items(), *others]
    return sorted(pairs, key=lambda pair: not str(pair[0]).startswith(":"))


async def answer(ports: Ports, begun: Pairs, data: bytes = GOOD, *, is_end: bool = True) -> str:
    async with calling(ports.grpc) as caller:
        stream = caller.begin(begun)
        caller.send(stream, data, is_end)
        return await caller.answer(stream)


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterable[None]:
    """Fail a test if a client's mistake is logged as an error, or counted as a server error."""
    failed = ours()
    with capture_logs() as entries:
        yield
    assert [entry for entry in entries if entry["log_level"] != "debug"] == []
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
    assert ours() == failed


@pytest.mark.parametrize(
    "value", ["hello", "a", "=", "====", "a=b=", "AA=A", "AAAA=", "-_-_", "A A"]
)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("quiet")
async def test_binary_metadata_that_is_not_base64_is_invalid(
    ports: Ports, method: str, value: str
) -> None:
    before = counted()
    assert await answer(ports, headers(method, ("x-bin", value)), is_end=False) == INVALID
    assert counted() == before + 1


@pytest.mark.parametrize("value", ["", "aGk", "aGk=", "aGk, aGk=", "AAAA,AAAA", ",,", "AA=="])
@pytest.mark.usefixtures("quiet")
async def test_binary_metadata_may_be_padded_or_not_and_several(ports: Ports, value: str) -> None:
    assert await answer(ports, headers(CREATE, ("x-bin", value))) == OK


@pytest.mark.parametrize("name", ["authorization", "idempotency-key", "content-type"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("quiet")
async def test_a_header_that_has_one_value_is_not_accepted_twice(
    ports: Ports, method: str, name: str
) -> None:
    twice = [(name, "application/grpc")] * 2
    assert await answer(ports, headers(method, *twice), is_end=False) == INVALID


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("quiet")
async def test_undecodable_message_is_invalid(ports: Ports, method: str) -> None:
    before = counted()
    assert await answer(ports, headers(method), message(8, b"\xff" * 8)) == INVALID
    assert counted() == before + 1


@pytest.mark.parametrize("value", ["0n", "1u", "0S", "0H", "00000000m"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("quiet")
async def test_expired_deadline_is_deadline_exceeded(ports: Ports, method: str, value: str) -> None:
    before = counted()
    assert await answer(ports, headers(method, ("grpc-timeout", value))) == DEADLINE
    assert counted() == before + 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("quiet")
async def test_deadline_ends_a_waiting_call(
    ports: Ports, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_stream, "MESSAGE_WITHIN", 60)
    monkeypatch.setattr(grpc_stream, "NEXT_MESSAGE_WITHIN", 60)
    before = counted()
    begun = headers(method, ("grpc-timeout", "50m"))
    assert await answer(ports, begun, b"", is_end=False) == DEADLINE
    assert counted() == before + 1


@pytest.mark.parametrize(
    "value", ["", "1", "S", "-1S", "+1S", "1.5S", "1s", "1 S", "123456789S", "1SS", "0x1S", "1_0S"]
)
@pytest.mark.usefixtures("quiet")
async def test_a_malformed_deadline_is_invalid(ports: Ports, value: str) -> None:
    before = counted()
    assert await answer(ports, headers(CREATE, ("grpc-timeout", value)), is_end=False) == INVALID
    assert counted() == before + 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["99999999H"], OK), (["1H", "0n"], DEADLINE), (["1H", "x"], INVALID)],
)
@pytest.mark.usefixtures("quiet")
async def test_shortest_deadline_applies(ports: Ports, values: list[str], expected: str) -> None:
    begun = headers(CREATE, *(("grpc-timeout", value) for value in values))
    assert await answer(ports, begun) == expected


WRONG: dict[str, tuple[list[Pair], str]] = {
    "another method": ([(":method", "GET")], INVALID),
    "no content type": ([("content-type", "")], INVALID),
    "another content type": ([("content-type", "application/json")], INVALID),
    "another codec": ([("content-type", "application/grpc+json")], INVALID),
    "unknown method": ([(":path", "/user.v1.UserCommands/Destroy")], UNKNOWN_METHOD),
    "a query": ([(":path", CREATE + "?x=1")], UNKNOWN_METHOD),
    "an asterisk": ([(":path", "*")], UNKNOWN_METHOD),
    "no path": ([(":path", "")], "reset"),
    "two paths": ([(":path", CREATE), (":path", CHECK)], "reset"),
    "an unknown pseudo-header": ([(":status", "200")], "reset"),
    "another te": ([("te", "gzip")], "reset"),
    "capitals": ([("X-Y", "z")], "reset"),
    "no name": ([("", "z")], "reset"),
    "Latin-1": ([("x", b"\xfc")], "reset"),
    "bytes that are no text": ([("x", b"\xff\xfe")], "reset"),
    "NUL": ([("x", "a\0b")], "reset"),
    "a line break": ([("x", "a\r\nb")], "reset"),
    "an endless length": ([("content-length", "9" * 5_000)], "reset"),
    "a length of 19 digits": ([("content-length", "9" * 19)], "reset"),
    "a length that is none": ([("content-length", "-1")], "reset"),
    "two lengths": ([("content-length", "1"), ("content-length", "2")], "reset"),
    "a length that is too small": ([("content-length", "3")], "reset"),
    "a length that is too large": ([("content-length", "300")], "reset"),
    "a connection's header": ([("connection", "close")], "reset"),
}


LENGTHS = {
    "an endless length",
    "a length that is none",
    "two lengths",
    "a length that is too small",
    "a length that is too large",
}
"""Only the stream is reset; h2 ends the connection (permitted by RFC 9113, section 5.4.1)."""


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("method", [CREATE, CHECK])
@pytest.mark.usefixtures("quiet")
async def test_headers_without_a_valid_call_are_rejected(
    request: pytest.FixtureRequest, ports: Ports, http2: str, method: str, name: str
) -> None:
    unless_h2(request, http2, name in LENGTHS, "h2 ends the connection")
    others, expected = WRONG[name]
    before = counted()
    async with calling(ports.grpc) as caller:
        stream = caller.begin(headers(method, *others))
        caller.send(stream, GOOD, is_end=True)
        assert await caller.answer(stream) == expected
        again = caller.begin(headers(CREATE))
        caller.send(again, GOOD, is_end=True)
        assert await caller.answer(again) == OK  # the connection's other calls continue
    assert counted() > before + 1


@pytest.mark.usefixtures("quiet")
async def test_missing_te_header_is_rejected(ports: Ports) -> None:
    begun = [one for one in headers(CREATE) if one[0] != "te"]
    assert await answer(ports, begun) == INVALID


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd", "x", ""])
@pytest.mark.usefixtures("quiet")
async def test_an_encoding_matters_with_a_compressed_message_only(
    ports: Ports, encoding: str
) -> None:
    begun = headers(CREATE, ("grpc-encoding", encoding))
    assert await answer(ports, begun) == OK
    assert await answer(ports, begun, message(len(ANN), ANN, compressed=1)) == "grpc 12"


@pytest.mark.parametrize(
    ("method", "expected"),
    [(CREATE, INVALID), (CHECK, INVALID), (WATCH, INVALID), (REFLECTION, OK)],
)
@pytest.mark.usefixtures("quiet")
async def test_call_without_a_message_gets_a_response(
    ports: Ports, method: str, expected: str
) -> None:
    async with calling(ports.grpc) as caller:
        stream = caller.begin(headers(method), is_end=True)
        assert await caller.answer(stream) == expected


@pytest.mark.parametrize(
    "data", [message(3, b"\xff\xff\xff"), message(3, b"ab"), b"\0", b"\0\0\0\0"]
)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("quiet")
async def test_invalid_message_is_invalid_argument_and_counted(
    ports: Ports, method: str, data: bytes
) -> None:
    before = counted()
    assert await answer(ports, headers(method), data) == INVALID
    assert counted() == before + 1


@pytest.mark.parametrize("data", [b"", b"\0", message(3, b"ab")])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("quiet")
async def test_partial_message_is_deadline_exceeded(ports: Ports, method: str, data: bytes) -> None:
    assert await answer(ports, headers(method), data, is_end=False) == DEADLINE


@pytest.mark.usefixtures("quiet")
async def test_client_with_zero_window_gets_a_reset(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its window is zero, and stays so."""
    monkeypatch.setattr(grpc_stream, "TAKEN_WITHIN", 0.05)
    async with calling(ports.grpc) as caller:
        caller.close_window()
        stream = caller.begin(headers(CREATE))
        caller.send(stream, GOOD, is_end=True)
        assert await caller.answer(stream) == "reset"


@pytest.mark.usefixtures("quiet")
async def test_client_that_disconnects_midway_is_counted_as_client_gone(ports: Ports) -> None:
    labels = {"protocol": "grpc", "method": "", "route": CREATE, "status": "client_gone"}

    def gone() -> float:
        return REGISTRY.get_sample_value("request_duration_seconds_count", labels) or 0

    async def is_counted() -> None:
        assert gone() == before + 2

    before = gone()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grpc_stream, "MESSAGE_WITHIN", 60)
        for leaves in ("resets", "closes"):
            async with calling(ports.grpc) as caller:
                stream = caller.open()
                caller.send(stream, b"\0")
                await caller.flush()
                await eventually(one_runs, every=0.01)
                if leaves == "resets":
                    caller.reset(stream)
                    await caller.flush()
                else:
                    caller.hang_up()
        await eventually(is_counted)


async def one_runs() -> None:
    assert REGISTRY.get_sample_value("requests_in_flight", {"protocol": "grpc"}) == 1


PSEUDO = [":path", ":method", ":scheme", ":authority", ":status"]
GRPC = ["te", "content-type", "grpc-timeout", "grpc-encoding", "x-bin", "-bin", "grpc-trace-bin"]
OTHERS = ["content-length", "host", "traceparent", "authorization", "cookie", "connection", "X-Y"]
NAMES = st.text(max_size=5) | st.sampled_from([*PSEUDO, *GRPC, *OTHERS, "idempotency-key"])
VALUES = (
    st.sampled_from([*METHODS, "POST", "http", "trailers", "application/grpc", "0n", "1S", "aGk="])
    | st.from_regex(r"[0-9]{0,9}[HMSmunx]?", fullmatch=True)
    | st.text(max_size=20)
    | st.binary(max_size=20)
)


def can_be_sent(pair: tuple[str, str | bytes]) -> bool:
    """Exclude what h2 cannot send: a client's :status of 1xx breaks its state."""
    name, value = pair
    sent = value.encode() if isinstance(value, str) else value
    return name != ":status" or not sent.startswith(b"1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(METHODS),
    others=st.lists(st.tuples(NAMES, VALUES).filter(can_be_sent), max_size=4),
    is_replaced=st.booleans(),
    sent=st.tuples(st.just(GOOD) | st.binary(max_size=40), st.booleans()),
)
@pytest.mark.usefixtures("quiet")
async def test_any_headers_get_a_response(
    ports: Ports,
    method: str,
    others: list[tuple[str, str | bytes]],
    is_replaced: bool,  # noqa: FBT001
    sent: tuple[bytes, bool],
) -> None:
    encoded = [(n.encode(), v if isinstance(v, bytes) else v.encode()) for n, v in others]
    begun = headers(method, *others) if is_replaced else [*headers(method), *encoded]
    before, (data, is_end) = counted(), sent
    async with calling(ports.grpc) as caller:
        stream = caller.begin(begun)
        caller.send(stream, data, is_end)
        response = await caller.answer(stream, is_message_enough=True)
    assert response in {*RESPONSES, "message"}
    is_probe = method != CREATE and response in {OK, NOT_FOUND, "message"}  # probes are not counted
    assert counted() > before or is_probe
