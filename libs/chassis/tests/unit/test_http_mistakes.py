"""Malformed HTTP returns a problem document, and none of it is logged."""

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.http.messages import MAX_BODY, answer, read_json, read_query
from chassis.http.server import HttpServer
from chassis.observability import telemetry, tracing
from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.testing import eventually, serving
from tests.support.clients import http_by_hand
from tests.support.clients.http_by_hand import exchange

SECRET = b"M\xc3\xbcller"
GOOD = b'{"name": "Ann"}'
CLOSE = b"Host: x\r\nConnection: close\r\n"
ITEM = b"POST /item HTTP/1.1\r\n" + CLOSE + b"Content-Type: application/json\r\n"

MALFORMED = {
    "raw bytes in the query": b"GET /item?q=" + SECRET + b" HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "raw bytes of Latin-1": b"GET /item?q=M\xfcller HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "raw bytes in the path": b"GET /" + SECRET + b" HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "a blank in the path": b"GET /item " + SECRET + b" HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "a bad method": b"FETCH-" + SECRET + b" /item HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "no method": b" /" + SECRET + b" HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "a bad version": b"GET /item HTTP/" + SECRET + b"\r\n" + CLOSE + b"\r\n",
    "another version": b"GET /item HTTP/1.7\r\n" + CLOSE + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /item\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + SECRET,
    "NUL in the path": b"GET /\x00" + SECRET + b" HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "NUL in a header": b"GET /item HTTP/1.1\r\n" + CLOSE + b"X: \x00" + SECRET + b"\r\n\r\n",
    "a header without a name": b"GET /item HTTP/1.1\r\n" + CLOSE + b": " + SECRET + b"\r\n\r\n",
    "a header without a colon": b"GET /item HTTP/1.1\r\n" + CLOSE + SECRET + b"\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + CLOSE + b"X: a\r\n " + SECRET + b"\r\n\r\n",
    "a blank before a colon": b"GET / HTTP/1.1\r\n" + CLOSE + b"X : " + SECRET + b"\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\n" + CLOSE + b"X: " + SECRET * 2_000 + b"\r\n\r\n",
    "a long line": b"GET /?q=" + b"Mueller" * 2_000 + b" HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + CLOSE + b"X: Mueller\r\n" * 200 + b"\r\n",
    "large headers": b"GET / HTTP/1.1\r\n" + CLOSE + (b"X: " + SECRET * 1_000 + b"\r\n") * 5,
    "no Host": b"GET /item HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two Hosts": b"GET /item HTTP/1.1\r\n" + CLOSE + b"Host: Mueller\r\n\r\n",
    "two tokens": b"GET /item HTTP/1.1\r\n" + CLOSE + b"Authorization: Mueller\r\n" * 2 + b"\r\n",
    "two types": ITEM + b"Content-Type: Mueller\r\nContent-Length: 2\r\n\r\n{}",
    "two keys": b"GET /item HTTP/1.1\r\n"
    + CLOSE
    + b"Idempotency-Key: a\r\nidempotency-key: Mueller\r\n\r\n",
    "an invalid Host": b"GET /item HTTP/1.1\r\nHost: a b/Mueller\r\nConnection: close\r\n\r\n",
    "a bad port": b"GET /item HTTP/1.1\r\nHost: x:Mueller\r\nConnection: close\r\n\r\n",
    "half an escape": b"GET /item?q=Mueller%2 HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "an escape of no digits": b"GET /Mueller%zz HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "escapes of Latin-1": b"GET /item?q=M%FCller HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "an escaped surrogate": b"GET /item/%ED%A0%80Mueller HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "an absolute URL that is none": b"GET http://[Mueller HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "an opaque URL": b"GET mailto:Mueller HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "an absolute URL without a host": b"GET http://Mueller:1@/ HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "a relative URL": b"GET Mueller HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "two lengths": ITEM + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nMueller",
    "a length that is none": ITEM + b"Content-Length: Mueller\r\n\r\n",
    "a negative length": ITEM + b"Content-Length: -1\r\n\r\nMueller",
    "an endless length": ITEM + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    "a length and chunks": ITEM + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "another transfer coding": ITEM + b"Transfer-Encoding: Mueller\r\n\r\n",
    "a bad first chunk": ITEM + b"Transfer-Encoding: chunked\r\n\r\nMueller\r\n",
    "an unknown expectation": ITEM + b"Expect: Mueller\r\nContent-Length: 0\r\n\r\n",
    "an expectation of Latin-1": ITEM + b"Expect: M\xfcller\r\nContent-Length: 0\r\n\r\n",
}


@pytest.fixture(scope="module", autouse=True)
def _tracing() -> None:
    telemetry.configure_logs("test", "debug")
    tracing.configure("test", None, 1)


async def item(request: web.Request) -> web.Response:
    """Read everything that a handler can read."""
    read_query(request, "q")
    body = await read_json(request, dict[str, str]) if request.can_read_body else {}
    return answer(body)


@pytest.fixture
def go_on() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def port(go_on: asyncio.Event) -> AsyncIterator[int]:
    async def later(request: web.Request) -> web.Response:
        await go_on.wait()
        return await item(request)

    routes = [
        web.route("*", "/item", item),
        web.get("/item/{id}", item),
        web.post("/later", later),
    ]
    http = HttpServer(routes, "127.0.0.1", 0, grace=1)
    async with serving(http):
        yield http.port


@pytest.fixture
async def admin() -> AsyncIterator[int]:
    admin = AdminServer(Health({}), "127.0.0.1", 0)
    async with serving(admin):
        yield admin.port


def requests(status: str) -> float:
    """Return the number of requests with this status."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "request_duration_seconds_count" and sample.labels["status"] == status
    )


async def one_runs() -> None:
    async def runs() -> None:
        assert REGISTRY.get_sample_value("requests_in_flight", {"protocol": "http"}) == 1

    await eventually(runs, every=0.01)


async def test_a_body_that_comes_after_its_headers_is_not_counted_as_headers(port: int) -> None:
    body = b'{"name": "Ann"}'.ljust(MAX_BODY - 1)
    head = b"POST /item HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):  # on one connection, which stays open
        for part in (head, body[:100], body[100:]):
            writer.write(part)
            await asyncio.sleep(0)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        length = int((await reader.readuntil(b"\r\n\r\n")).split(b"Content-Length: ")[1].split()[0])
        await reader.readexactly(length)
    writer.close()


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_http_returns_a_problem_and_logs_nothing(
    port: int, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = requests("400")
    with capture_logs() as ours:
        response = await exchange(port, MALFORMED[name])
    assert response.status == 400
    assert len(response.problem["trace_id"]) == 32
    assert "server:" not in response.head
    assert "ller" not in response.raw.decode()
    assert requests("400") == before + 1
    assert ours == []
    assert [r.getMessage() for r in caplog.records if r.name != "asyncio"] == []
    assert "ller" not in caplog.text


@pytest.mark.parametrize("name", [n for n, sent in MALFORMED.items() if b"POST" not in sent])
async def test_malformed_http_returns_a_problem_on_the_admin_port(
    admin: int, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = requests("400")
    with capture_logs() as ours:
        response = await exchange(admin, MALFORMED[name])
    assert response.status == 400
    assert len(response.problem["trace_id"]) == 32
    assert "server:" not in response.head
    assert requests("400") == before  # what operators ask is not counted as the service's
    assert ours == []
    assert "ller" not in caplog.text


@pytest.mark.parametrize(
    ("path", "status"), [(b"/livez", 200), (b"/readyz", 200), (b"/metrics", 200), (b"/", 404)]
)
async def test_admin_responses_have_no_server_header(admin: int, path: bytes, status: int) -> None:
    response = await exchange(admin, b"GET " + path + b" HTTP/1.1\r\n" + CLOSE + b"\r\n")
    assert response.status == status
    assert "server:" not in response.head
    if status == 404:
        assert response.problem["trace_id"]


@pytest.mark.parametrize("target", [b"*", b"http://x/item", b"//item", b"/a#b", b"/%2e%2e/%00"])
async def test_an_odd_target_is_no_route(port: int, target: bytes) -> None:
    sent = b"GET " + target + b" HTTP/1.1\r\n" + CLOSE + b"\r\n"
    assert (await exchange(port, sent)).status in {200, 400, 404}


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"-1\r\n", b"3\r\nabcd\r\n", b"\r\n\r\n"])
async def test_a_bad_later_chunk_is_refused_at_once(
    port: int, chunk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head = ITEM.replace(b"Connection: close\r\n", b"") + b"Transfer-Encoding: chunked\r\n\r\n"
    before = requests("400")
    with capture_logs() as ours:
        async with asyncio.timeout(5):  # half of BODY_WITHIN
            response = await exchange(port, head + b"4\r\n{   \r\n", chunk, between=one_runs)
    assert (response.status, response.problem["type"]) == (400, "urn:problem:invalid")
    assert response.raw.count(b" 400 Bad Request") == 1
    assert requests("400") == before + 1
    assert [entry for entry in ours if entry["log_level"] == "error"] == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_good_request_before_a_bad_one_is_answered(port: int, go_on: asyncio.Event) -> None:
    """Its body has arrived but is unread when the next request turns out malformed."""

    async def go() -> None:
        await one_runs()
        go_on.set()

    good = b"POST /later HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    good += b"Content-Length: 15\r\n\r\n" + GOOD
    response = await exchange(port, good, b"FETCH /\r\n\r\n", b"", between=go)
    assert response.status == 200
    assert response.raw.count(b" 400 Bad Request") == 1


def compressed(body: bytes, *, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(body) + packer.flush()


GZIP = compressed(GOOD, bits=31)
CODED = {
    "gzip": (b"gzip", GZIP),
    "gzip that is plain JSON": (b"gzip", GOOD),
    "gzip with a wrong CRC": (b"gzip", GZIP[:-8] + bytes(8)),
    "gzip with bytes behind its end": (b"gzip", GZIP + b"more"),
    "half of gzip": (b"gzip", GZIP[:9]),
    "a bomb": (b"gzip", compressed(bytes(1_000 * MAX_BODY), bits=31)),
    "x-gzip": (b"x-gzip", GZIP),
    "deflate": (b"deflate", compressed(GOOD, bits=15)),
    "raw deflate": (b"deflate", compressed(GOOD, bits=-15)),
    "deflate that is plain JSON": (b"deflate", GOOD),
    "br": (b"br", b"\x0b\x07\x80" + GOOD),
    "zstd": (b"zstd", b"\x28\xb5\x2f\xfd" + GOOD),
    "zstd that is plain JSON": (b"zstd", GOOD),
    "several": (b"gzip, br", GZIP),
    "identity and another": (b"identity, gzip", GZIP),
    "in capitals": (b"GZIP", GZIP),
    "an unknown one": (b"M\xc3\xbcller", GOOD),
}


@pytest.mark.parametrize("name", CODED)
async def test_encoded_body_returns_415_with_accept_encoding(
    port: int, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 9110 §15.5.16: 415 with Accept-Encoding."""
    coding, body = CODED[name]
    length = str(len(body)).encode()
    head = ITEM + b"Content-Encoding: " + coding + b"\r\nContent-Length: " + length
    with capture_logs() as ours:
        response = await exchange(port, head + b"\r\n\r\n" + body)
    assert (response.status, response.problem["status"]) == (415, 415)
    assert "accept-encoding: identity" in response.head
    assert [entry for entry in ours if entry["log_level"] == "error"] == []
    assert caplog.records == []


@pytest.mark.parametrize("coding", [b"identity", b"Identity", b"", b"identity, identity"])
async def test_unencoded_body_is_read(port: int, coding: bytes) -> None:
    length = str(len(GOOD)).encode()
    head = ITEM + b"Content-Encoding: " + coding + b"\r\nContent-Length: " + length
    assert (await exchange(port, head + b"\r\n\r\n" + GOOD)).status == 200


HALVES = {
    "half a body": ITEM + b"Content-Length: 100\r\n\r\n{",
    "no body at all": ITEM + b"Content-Length: 100\r\n\r\n",
    "half a chunk": ITEM + b"Transfer-Encoding: chunked\r\n\r\n64\r\n{",
    "one chunk of several": ITEM + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "half of gzip": ITEM + b"Content-Encoding: gzip\r\nContent-Length: 100\r\n\r\n\x1f",
}


@pytest.mark.parametrize("is_reset", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize("name", [name for name in HALVES if "gzip" not in name])
async def test_client_disconnecting_mid_request_logs_no_error(
    port: int,
    name: str,
    is_reset: bool,  # noqa: FBT001
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def is_counted() -> None:
        assert requests("client_gone") == before + 1

    before, ours_before = requests("client_gone"), requests("500")
    with capture_logs() as ours:
        await http_by_hand.leave(port, HALVES[name], is_reset=is_reset)
        await eventually(is_counted)
    assert requests("500") == ours_before
    assert ours == []
    assert [record for record in caplog.records if record.name != "asyncio"] == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


REQUESTS = [
    *MALFORMED.values(),
    *HALVES.values(),
    b"GET //[x]:y/%41?a=b#c HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://u:p@[::1]:99/x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.0\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ITEM + b"Transfer-Encoding: chunked\r\n\r\nf\r\n" + GOOD + b"\r\n0\r\n\r\n",
]
PIECES = [
    b"//",
    b"[",
    b"]",
    b":",
    b"@",
    b"#",
    b"?",
    b"%",
    b"\0",
    b"\xff",
    b"http://",
    b"\r\n",
    b" ",
]


@given(
    sent=st.sampled_from(REQUESTS),
    changes=st.lists(
        st.tuples(
            st.integers(0, 200), st.integers(0, 5), st.sampled_from(PIECES) | st.binary(max_size=3)
        ),
        max_size=4,
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_any_bytes_get_no_5xx_response(
    port: int, caplog: pytest.LogCaptureFixture, sent: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    for at, length, piece in changes:
        sent = sent[:at] + piece + sent[at + length :]
    before = requests("500")
    with capture_logs() as ours:
        response = await exchange(port, sent, is_ended=True)
    if response.raw:
        assert response.status in {200, 400, 404, 405, 408, 413, 415}
    assert requests("500") == before
    assert [entry for entry in ours if entry["log_level"] != "debug"] == []
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
