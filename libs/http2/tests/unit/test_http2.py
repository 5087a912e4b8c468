"""The HTTP/2 server side with an h2 client: responses, windows, limits, rejected input."""

import pytest
from h2.errors import ErrorCodes
from h2.events import StreamReset
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes

from http2.implementations import HTTP2, Http2
from http2.streams import DEFAULT_WINDOW, STREAMS
from tests.support.clients.http2_pair import (
    ANSWER,
    REFUSAL,
    REQUEST,
    TRAILERS,
    WINDOW,
    Pair,
    ours,
    recorded,
    unless_h2,
)


@pytest.fixture(params=HTTP2)
def http2(request: pytest.FixtureRequest) -> type[Http2]:
    return HTTP2[request.param]


def test_response_arrives_unchanged(http2: type[Http2]) -> None:
    pair = Pair(http2)
    for _ in range(3):
        stream = pair.request()
        pair.exchange()
        pair.server.send_headers(stream, ANSWER)
        pair.server.send_data(stream, b"hello")
        pair.server.send_headers(stream, TRAILERS, end_stream=True)
        events = pair.exchange()
        assert not pair.open_streams
        assert recorded(events) == [
            ("headers", stream, ANSWER),
            ("data", stream, b"hello"),
            ("headers", stream, TRAILERS),
            ("end", stream),
        ]


# Few, so that blocks of the same bytes come again, after others that change what they mean.


def test_streams_above_the_limit_are_refused_individually(http2: type[Http2]) -> None:
    pair = Pair(http2)
    pair.client.remote_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = 2 * STREAMS
    pair.client.remote_settings.acknowledge()
    streams = [pair.request() for _ in range(STREAMS + 1)]
    events = [event for event in pair.exchange() if isinstance(event, StreamReset)]
    assert [(one.stream_id, one.error_code) for one in events] == [
        (streams[-1], ErrorCodes.REFUSED_STREAM)
    ]
    pair.server.send_headers(streams[0], REFUSAL, end_stream=True)
    pair.events.clear()
    later = pair.request()
    pair.exchange()
    assert recorded(pair.events) == [("headers", later, REQUEST), ("end", later)]


def test_sending_respects_the_clients_window(http2: type[Http2]) -> None:
    pair = Pair(http2)
    stream = pair.request()
    pair.exchange()
    server = pair.server
    server.send_headers(stream, ANSWER)
    assert server.local_flow_control_window(stream) == DEFAULT_WINDOW
    server.send_data(stream, b"x" * 1_000)
    assert server.local_flow_control_window(stream) == DEFAULT_WINDOW - 1_000
    pair.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 500})
    pair.exchange()
    assert server.local_flow_control_window(stream) == -500
    pair.client.increment_flow_control_window(600, stream)
    pair.exchange()
    assert server.local_flow_control_window(stream) == 100


def test_window_is_restored_only_by_what_was_read(http2: type[Http2]) -> None:
    pair = Pair(http2)
    stream = pair.request(is_end=False)
    for _ in range(40):  # five windows
        pair.client.send_data(stream, b"x" * 8_192)
        pair.exchange()
        pair.server.acknowledge_received_data(8_192, stream)
        pair.exchange()
    pair.client.send_data(stream, b"x" * 16_000)
    pair.client.outbound_flow_control_window = 10 * WINDOW
    pair.client.streams[stream].outbound_flow_control_window = 10 * WINDOW
    for _ in range(5):
        pair.client.send_data(stream, b"x" * 16_000)
    assert pair.refused() == ErrorCodes.FLOW_CONTROL_ERROR


@pytest.mark.parametrize(
    "wrong",
    [
        [("x-upper-Case", "1")],
        [("x", "line\nbreak")],
        [("x", "bell\a")],
        [("x", "Zoë")],
        [("connection", "close")],
        [("te", "gzip")],
        [(":path", "/again")],
        [(":unknown", "x")],
        [("content-length", "-1")],
    ],
    ids=repr,
)
def test_malformed_request_resets_only_its_stream(
    request: pytest.FixtureRequest, wrong: list[tuple[str, str]], http2: type[Http2]
) -> None:
    pair = Pair(http2)
    unless_h2(request, http2, wrong[0][0] == "content-length", "h2 ends the connection")
    stream = pair.request(REQUEST + wrong)
    good = pair.request()
    (reset,) = [event for event in pair.exchange() if isinstance(event, StreamReset)]
    assert (reset.stream_id, reset.error_code) == (stream, ErrorCodes.PROTOCOL_ERROR)
    assert recorded(pair.events) == [("headers", good, REQUEST), ("end", good)]


def test_content_length_mismatch_is_rejected(
    request: pytest.FixtureRequest, http2: type[Http2]
) -> None:
    pair = Pair(http2)
    unless_h2(request, http2, "always", "h2 ends the connection")
    stream = pair.request([*REQUEST, ("content-length", "3")], is_end=False)
    pair.client.send_data(stream, b"four", end_stream=True)
    (reset,) = [event for event in pair.exchange() if isinstance(event, StreamReset)]
    assert reset.error_code == ErrorCodes.PROTOCOL_ERROR
    assert recorded(pair.events)[-1] == ("reset", stream)


def test_too_many_headers_end_the_connection(http2: type[Http2]) -> None:
    pair = Pair(http2)
    pair.request(REQUEST + [(f"x-{number}", "y" * 100) for number in range(1_000)])
    assert pair.refused() == ErrorCodes.ENHANCE_YOUR_CALM


def test_other_protocols_are_rejected_at_the_first_bytes(http2: type[Http2]) -> None:
    with pytest.raises(ProtocolError):
        ours(http2).receive_data(b"GET / HTTP/1.1\r\n")


def test_answered_stream_accepts_nothing_more(http2: type[Http2]) -> None:
    pair = Pair(http2)
    stream = pair.request(is_end=False)
    pair.exchange()
    pair.server.send_headers(stream, REFUSAL, end_stream=True)
    with pytest.raises(StreamClosedError):
        pair.server.send_data(stream, b"late")
    events = pair.exchange()
    assert [e.error_code for e in events if isinstance(e, StreamReset)] == [ErrorCodes.NO_ERROR]


def test_client_that_sent_goaway_still_gets_its_response(http2: type[Http2]) -> None:
    pair = Pair(http2)
    stream = pair.request()
    pair.exchange()
    pair.client.close_connection()
    pair.server.receive_data(pair.client.data_to_send())
    pair.server.send_headers(stream, TRAILERS, end_stream=True)
    assert pair.server.data_to_send()
