"""hpack's debug log, which contains headers, is kept out of our logs."""

import pytest

from chassis.observability import telemetry
from http2 import frames, headers
from http2.implementations import HTTP2, Http2
from tests.support.clients.http2_pair import REQUEST, Pair

WHOLE = frames.END_HEADERS | frames.END_STREAM


@pytest.fixture(params=HTTP2)
def http2(request: pytest.FixtureRequest) -> type[Http2]:
    return HTTP2[request.param]


def test_no_header_reaches_a_log(http2: type[Http2], capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logs("test", "debug")
    pair = Pair(http2)
    block = headers.written((*REQUEST, ("authorization", "Bearer a-token")))
    pair.server.receive_data(frames.written(frames.HEADERS, WHOLE, 1, block))
    assert "a-token" not in capsys.readouterr().out
