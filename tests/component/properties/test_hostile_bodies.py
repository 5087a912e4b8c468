"""Any bytes as a body get a status below 500, and other clients are served."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.http.messages import MAX_BODY
from tests.support.fakes import in_process_api
from tests.support.fakes.in_process_api import Ports

JSON = ["Content-Type: application/json"]
REFUSED_OR_DONE = {201, 400, 413, 415}
TEXTS = st.one_of(
    st.integers(1, 20_000).map(lambda depth: "[" * depth),
    st.integers(1, 20_000).map(lambda depth: '{"first_name":' * min(depth, 4_000)),
    st.integers(1, 30_000).map(lambda digits: f'{{"first_name":{"9" * digits},"last_name":"B"}}'),
    st.integers().map(lambda n: f'{{"first_name":1e{n},"last_name":"B"}}'),
    st.integers(0xD800, 0xDFFF).map(lambda c: f'{{"first_name":"\\u{c:04x}","last_name":"B"}}'),
    st.lists(st.sampled_from(['"first_name":"A"', '"last_name":"B"', '"first_name":null'])).map(
        lambda pairs: "{" + ",".join(pairs) + "}"
    ),
    st.text(max_size=200).map(lambda name: f'{{"first_name":"{name}","last_name":"B"}}'),
)
BODIES = st.binary(max_size=300) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
SIZES = st.lists(st.integers(1, 5_000), max_size=20)


@pytest.fixture(scope="module")
async def ports() -> AsyncIterator[Ports]:
    async with in_process_api.opened() as ports:
        yield ports
        await ports.serve_others()


def chunked(body: bytes, sizes: list[int]) -> list[bytes]:
    """Return the body as chunks (RFC 9112) of these sizes, as far as they suffice."""
    chunks, at = [], 0
    for size in [*sizes, len(body)]:
        if piece := body[at : at + size]:
            chunks.append(b"%x\r\n%s\r\n" % (len(piece), piece))
        at += size
    return [*chunks, b"0\r\n\r\n"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, sizes=SIZES)
async def test_any_body_gets_a_status_below_500(
    ports: Ports, body: bytes, sizes: list[int]
) -> None:
    whole = [*JSON, f"Content-Length: {len(body)}"]
    status = await in_process_api.post(ports.http, whole, [body])
    assert status in REFUSED_OR_DONE
    in_chunks = [*JSON, "Transfer-Encoding: chunked"]
    assert await in_process_api.post(ports.http, in_chunks, chunked(body, sizes)) == status


@pytest.mark.parametrize(
    "framing",
    [
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: -1"],
        ["Content-Length: 5x"],
        ["Content-Length: 99999999999999999999"],
        ["Transfer-Encoding: chunked, identity"],
    ],
    ids="+".join,
)
async def test_invalid_framing_is_rejected(ports: Ports, framing: list[str]) -> None:
    status = await in_process_api.post(ports.http, [*JSON, *framing], [b"5\r\nhello\r\n0\r\n\r\n"])
    assert status in {400, 413}


@pytest.mark.parametrize("size", [b"-1", b"0x5", b"zz", b"", b"f" * 17, b"5;" + b"x" * 20_000])
async def test_invalid_chunk_size_is_rejected(ports: Ports, size: bytes) -> None:
    head = [*JSON, "Transfer-Encoding: chunked"]
    assert await in_process_api.post(ports.http, head, [size + b"\r\nhello\r\n0\r\n\r\n"]) in {
        400,
        413,
    }


@pytest.mark.parametrize(("blanks", "status"), [(3_000, 201), (10_000, 400)])
async def test_body_of_one_byte_chunks_is_read_up_to_a_limit(
    ports: Ports, blanks: int, status: int
) -> None:
    body = b" " * blanks + b'{"first_name":"A","last_name":"B"}'
    head = [*JSON, "Transfer-Encoding: chunked"]
    assert await in_process_api.post(ports.http, head, chunked(body, [1] * len(body))) == status


async def test_endless_body_is_rejected_at_the_limit(ports: Ports) -> None:
    chunk = b"%x\r\n%s\r\n" % (1024, b"x" * 1024)
    pieces = [chunk] * (4 * MAX_BODY // 1024)
    head = [*JSON, "Transfer-Encoding: chunked"]
    assert await in_process_api.post(ports.http, head, pieces) == 413
