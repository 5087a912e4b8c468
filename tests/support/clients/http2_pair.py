"""Our end of an HTTP/2 connection, and h2 at the other end."""

from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from http2 import frames
from http2.connection import Http2Connection
from http2.frames import NUMBER
from http2.implementations import HTTP2, Http2
from http2.streams import DEFAULT_WINDOW

REQUEST = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/user.v1.UserQueries/Get"),
    (":authority", "x"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
]
WINDOW = 65_536
GOAWAY_SIZE = 17  # bytes
ANSWER = [(":status", "200"), ("content-type", "application/grpc+proto")]
TRAILERS = [("grpc-status", "0")]
REFUSAL = [*ANSWER, ("grpc-status", "5")]


def client() -> H2Connection:
    """Return a client that does not validate what it sends."""
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


def ours(http2: type[Http2] = Http2Connection) -> Http2:
    return http2(2 * WINDOW, WINDOW)


def all_of(server: Http2, data: bytes) -> list[Event]:
    """Return the events that our side produces for data, in however many turns."""
    events = server.receive_data(data)
    while server.is_behind:
        events += server.receive_data(b"")
    return events


def recorded(events: list[Event]) -> list[tuple[Any, ...]]:
    """Return the events that an application receives, with a stream's content joined."""
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
    """A client of h2, and our side, after their handshake."""

    def __init__(self, http2: type[Http2] = Http2Connection) -> None:
        self.client, self.server = client(), ours(http2)
        self.events: list[Event] = []
        self.exchange()
        self.events.clear()

    @property
    def open_streams(self) -> set[int]:
        """Return our side's open streams; h2 keeps closed ones until the next is opened."""
        return {number for number, stream in self.server.streams.items() if stream.open}

    def exchange(self) -> list[Event]:
        """Exchange all bytes; return the client's events, and add our side's to `events`."""
        events: list[Event] = []
        while sent := self.client.data_to_send():
            try:
                self.events += all_of(self.server, sent)
            finally:
                events += self.client.receive_data(self.server.data_to_send())
        events += self.client.receive_data(self.server.data_to_send())
        return events

    def request(self, headers: list[tuple[str, str]] = REQUEST, *, is_end: bool = True) -> int:
        stream: int = self.client.get_next_available_stream_id()
        self.client.send_headers(stream, headers, end_stream=is_end)
        return stream

    def refused(self, sent: bytes = b"") -> int:
        """Return the error code with which our side ends the connection."""
        sent = self.client.data_to_send() + sent
        with pytest.raises(ProtocolError):
            all_of(self.server, sent)
        return _goaway_code(self.server.data_to_send())


def _goaway_code(received: bytes) -> int:
    """Return the error code of the last frame, which is GOAWAY."""
    assert len(received) >= GOAWAY_SIZE
    assert received[3 - GOAWAY_SIZE] == frames.GOAWAY
    (code,) = NUMBER.unpack(received[-4:])
    return int(code)


def unless_h2(
    request: pytest.FixtureRequest, http2: type[Http2] | str, applies: object, reason: str
) -> None:
    """Expect the running test to fail with h2, because of h2's own behaviour."""
    if applies and http2 in {"h2", HTTP2["h2"]}:
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
