"""Our side of HTTP/2 against h2's: the same events for whatever a client does, and no others."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes
from hpack import NeverIndexedHeaderTuple
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.http2_connection import Http2Connection
from chassis.http2_headers import REMEMBERED
from chassis.http2_streams import DEFAULT_WINDOW, STREAMS

REQUEST = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/user.v1.UserQueries/Get"),
    (":authority", "x"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
]
WINDOW = 65_536
ANSWER = [(":status", "200"), ("content-type", "application/grpc+proto")]
TRAILERS = [("grpc-status", "0")]
REFUSAL = [*ANSWER, ("grpc-status", "5")]


def client() -> H2Connection:
    """One that checks nothing of what it sends."""
    config = H2Configuration(
        client_side=True,
        header_encoding="latin-1",
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
    )
    connection = H2Connection(config)
    connection.initiate_connection()
    return connection


def theirs() -> H2Connection:
    config = H2Configuration(client_side=False, header_encoding="latin-1")
    connection = H2Connection(config)
    connection.initiate_connection()
    connection.increment_flow_control_window(2 * WINDOW - DEFAULT_WINDOW)
    return connection


def ours() -> Http2Connection:
    return Http2Connection(2 * WINDOW, WINDOW)


def told(events: list[Event]) -> list[tuple[Any, ...]]:
    """What an application hears, with the parts of a stream's content joined."""
    found: list[tuple[Any, ...]] = []
    for event in events:
        match event:
            case RequestReceived() | ResponseReceived() | TrailersReceived():
                headers = [tuple(one) for one in event.headers or []]
                found.append(("headers", event.stream_id, headers))
            case DataReceived() if event.data:
                found.append(("data", event.stream_id, event.data))
            case StreamEnded():
                found.append(("end", event.stream_id))
            case StreamReset():
                found.append(("reset", event.stream_id))
    return found


class Pair:
    """A client of h2, and our side, which have greeted each other."""

    def __init__(self) -> None:
        self.client, self.server = client(), ours()
        self.events: list[Event] = []
        self.exchange()
        self.events.clear()

    def exchange(self) -> list[Event]:
        """Carry all bytes to and fro; what the client hears, and in events what the server does."""
        heard: list[Event] = []
        while sent := self.client.data_to_send():
            try:
                self.events += self.server.receive_data(sent)
            finally:
                heard += self.client.receive_data(self.server.data_to_send())
        heard += self.client.receive_data(self.server.data_to_send())
        return heard

    def ask(self, headers: list[tuple[str, str]] = REQUEST, *, is_end: bool = True) -> int:
        stream: int = self.client.get_next_available_stream_id()
        self.client.send_headers(stream, headers, end_stream=is_end)
        return stream

    def refused(self) -> int:
        """The code that our side ends the connection with."""
        sent = self.client.data_to_send()
        with pytest.raises(ProtocolError):
            self.server.receive_data(sent)
        return _last_word(self.client.receive_data(self.server.data_to_send()))


def _last_word(heard: list[Event]) -> int:
    last = heard[-1]
    assert isinstance(last, ConnectionTerminated)
    return last.error_code or 0


def test_an_answer_arrives_as_it_was_given() -> None:
    pair = Pair()
    for _ in range(3):
        stream = pair.ask()
        pair.exchange()
        pair.server.send_headers(stream, ANSWER)
        pair.server.send_data(stream, b"hello")
        pair.server.send_headers(stream, TRAILERS, end_stream=True)
        heard = pair.exchange()
        assert not pair.server.streams
        assert told(heard) == [
            ("headers", stream, ANSWER),
            ("data", stream, b"hello"),
            ("headers", stream, TRAILERS),
            ("end", stream),
        ]


# Few, so that blocks of the same bytes come again, after others that change what they mean.
METADATA = st.lists(st.sampled_from([("x-a", "1"), ("x-a", "2"), ("x-b", "1" * 99)]), max_size=2)
SIZES = st.sampled_from([0, 100, 4096])  # of the client's table, in bytes


@settings(max_examples=300)
@given(st.lists(st.tuples(METADATA, st.none() | SIZES), max_size=30))
def test_headers_are_read_as_they_were_written(requests: list[tuple[Any, int | None]]) -> None:
    """Whatever was remembered of earlier ones, and however large the client makes its table."""
    pair = Pair()
    wanted = []
    for metadata, size in requests:
        if size is not None:
            pair.client.encoder.header_table_size = size
        headers = REQUEST + metadata
        stream = pair.ask(headers)
        wanted += [("headers", stream, headers), ("end", stream)]
        pair.exchange()
        pair.server.send_headers(stream, REFUSAL, end_stream=True)
    assert told(pair.events) == wanted


def test_a_table_is_resized_each_time_though_the_bytes_are_the_same() -> None:
    pair, large = Pair(), [*REQUEST, ("x-b", "1" * 99)]
    steps = [(None, REQUEST), (300, REQUEST), (4096, REQUEST), (300, REQUEST[1:]), (4096, REQUEST)]
    for size, headers in [*steps, (None, large), (None, large)]:
        if size is not None:
            pair.client.encoder.header_table_size = size
        stream = pair.ask(headers)
        pair.exchange()
        if stream in pair.server.streams:
            pair.server.send_headers(stream, REFUSAL, end_stream=True)
    assert told(pair.events)[-2:] == [("headers", stream, large), ("end", stream)]


def test_little_is_remembered_of_a_caller_who_says_much() -> None:
    pair = Pair()
    for number in range(REMEMBERED):
        said: Any = NeverIndexedHeaderTuple("x-much", f"{number}{'~' * 3_000}")
        stream = pair.ask([*REQUEST, said])
        pair.exchange()
        pair.server.send_headers(stream, REFUSAL, end_stream=True)
    assert sum(map(len, pair.server._headers._remembered)) < 10_000


Step = tuple[str, int, bytes]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["open", "open whole", "data", "padded", "end", "reset", "ping", "window"]),
        st.integers(0, 5),
        st.binary(max_size=30),
    ),
    max_size=40,
)


def play(connection: H2Connection, steps: list[Step]) -> bytes:
    """What a client sends that does these steps, on one of its last streams each."""
    streams: list[int] = []
    for what, which, data in steps:
        if what.startswith("open"):
            stream = connection.get_next_available_stream_id()
            connection.send_headers(stream, REQUEST, end_stream=what == "open whole")
            streams.append(stream)
        elif streams:
            with contextlib.suppress(ProtocolError, KeyError):  # h2's, for a stream that is over
                _step(connection, what, streams[-1 - which % len(streams)], data)
    return bytes(connection.data_to_send())


def _step(connection: H2Connection, what: str, stream: int, data: bytes) -> None:
    match what:
        case "data":
            connection.send_data(stream, data)
        case "padded":
            connection.send_data(stream, data, pad_length=7)
        case "end":
            connection.end_stream(stream)
        case "reset":
            connection.reset_stream(stream)
        case "ping":
            connection.ping(data.ljust(8)[:8])
        case "window":
            connection.increment_flow_control_window(1 + len(data), stream)


def heard_of(receive: Callable[[bytes], list[Event]], parts: list[bytes]) -> list[tuple[Any, ...]]:
    return told([event for part in parts for event in receive(part)])


@given(STEPS, st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_the_same_is_heard_as_by_h2_however_it_arrives(steps: list[Step], cuts: list[int]) -> None:
    sent = play(client(), steps)
    parts, at = [], 0
    for size in cuts:
        parts.append(sent[at : at + size])
        at += size
    parts.append(sent[at:])
    assert heard_of(ours().receive_data, parts) == heard_of(theirs().receive_data, [sent])


@given(STEPS, st.data())
def test_whatever_comes_the_end_is_an_answer(steps: list[Step], draw: st.DataObject) -> None:
    sent = bytearray(play(client(), steps))
    for _ in range(draw.draw(st.integers(1, 5))):
        sent[draw.draw(st.integers(0, len(sent) - 1))] = draw.draw(st.integers(0, 255))
    server = ours()
    try:
        server.receive_data(bytes(sent))
    except ProtocolError as error:
        assert int.from_bytes(server.data_to_send()[-4:]) == error.error_code
    assert len(server.streams) <= STREAMS


def test_more_streams_than_allowed_are_refused_alone() -> None:
    pair = Pair()
    pair.client.remote_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = 2 * STREAMS
    pair.client.remote_settings.acknowledge()
    asked = [pair.ask() for _ in range(STREAMS + 1)]
    heard = [event for event in pair.exchange() if isinstance(event, StreamReset)]
    assert [(one.stream_id, one.error_code) for one in heard] == [
        (asked[-1], ErrorCodes.REFUSED_STREAM)
    ]
    pair.server.send_headers(asked[0], REFUSAL, end_stream=True)
    pair.events.clear()
    later = pair.ask()
    pair.exchange()
    assert told(pair.events) == [("headers", later, REQUEST), ("end", later)]


def test_no_more_is_sent_than_the_client_takes() -> None:
    pair = Pair()
    stream = pair.ask()
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


def test_what_is_read_may_be_sent_again_and_no_more() -> None:
    pair = Pair()
    stream = pair.ask(is_end=False)
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
def test_a_request_that_is_none_is_refused_alone(wrong: list[tuple[str, str]]) -> None:
    pair = Pair()
    stream = pair.ask(REQUEST + wrong)
    good = pair.ask()
    (reset,) = [event for event in pair.exchange() if isinstance(event, StreamReset)]
    assert (reset.stream_id, reset.error_code) == (stream, ErrorCodes.PROTOCOL_ERROR)
    assert told(pair.events) == [("headers", good, REQUEST), ("end", good)]


def test_a_content_of_another_length_than_announced_is_refused() -> None:
    pair = Pair()
    stream = pair.ask([*REQUEST, ("content-length", "3")], is_end=False)
    pair.client.send_data(stream, b"four", end_stream=True)
    (reset,) = [event for event in pair.exchange() if isinstance(event, StreamReset)]
    assert reset.error_code == ErrorCodes.PROTOCOL_ERROR
    assert told(pair.events)[-1] == ("reset", stream)


def test_too_many_headers_end_the_connection() -> None:
    pair = Pair()
    pair.ask(REQUEST + [(f"x-{number}", "y" * 100) for number in range(1_000)])
    assert pair.refused() == ErrorCodes.ENHANCE_YOUR_CALM


def test_something_else_than_http2_is_refused_at_its_first_bytes() -> None:
    with pytest.raises(ProtocolError):
        ours().receive_data(b"GET / HTTP/1.1\r\n")


def test_an_answered_stream_takes_nothing_more() -> None:
    pair = Pair()
    stream = pair.ask(is_end=False)
    pair.exchange()
    pair.server.send_headers(stream, REFUSAL, end_stream=True)
    with pytest.raises(StreamClosedError):
        pair.server.send_data(stream, b"late")
    heard = pair.exchange()
    assert [e.error_code for e in heard if isinstance(e, StreamReset)] == [ErrorCodes.NO_ERROR]


def test_who_goes_away_is_answered_all_the_same() -> None:
    pair = Pair()
    stream = pair.ask()
    pair.exchange()
    pair.client.close_connection()
    pair.server.receive_data(pair.client.data_to_send())
    pair.server.send_headers(stream, TRAILERS, end_stream=True)
    assert pair.server.data_to_send()
