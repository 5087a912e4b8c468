"""Our HTTP/2 and h2 report the same events for any bytes, and any bytes get a response."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from h2.connection import H2Connection
from h2.events import (
    Event,
)
from h2.exceptions import ProtocolError
from hpack import NeverIndexedHeaderTuple
from hypothesis import given, settings
from hypothesis import strategies as st

from http2.connection import Http2Connection
from http2.headers import REMEMBERED
from http2.streams import STREAMS
from tests.support.clients.http2_pair import (
    REFUSAL,
    REQUEST,
    Pair,
    all_of,
    client,
    ours,
    recorded,
    theirs,
)

METADATA = st.lists(st.sampled_from([("x-a", "1"), ("x-a", "2"), ("x-b", "1" * 99)]), max_size=2)
SIZES = st.sampled_from([0, 100, 4096])  # of the client's table, in bytes


@settings(max_examples=300)
@given(st.lists(st.tuples(METADATA, st.none() | SIZES), max_size=30))
def test_headers_round_trip(requests: list[tuple[Any, int | None]]) -> None:
    """Independent of cached blocks, and of the client's table size."""
    pair = Pair()
    wanted = []
    for metadata, size in requests:
        if size is not None:
            pair.client.encoder.header_table_size = size
        headers = REQUEST + metadata
        stream = pair.request(headers)
        wanted += [("headers", stream, headers), ("end", stream)]
        pair.exchange()
        pair.server.send_headers(stream, REFUSAL, end_stream=True)
    assert recorded(pair.events) == wanted


def test_table_size_update_is_applied_for_identical_blocks() -> None:
    pair, large = Pair(), [*REQUEST, ("x-b", "1" * 99)]
    steps = [(None, REQUEST), (300, REQUEST), (4096, REQUEST), (300, REQUEST[1:]), (4096, REQUEST)]
    for size, headers in [*steps, (None, large), (None, large)]:
        if size is not None:
            pair.client.encoder.header_table_size = size
        stream = pair.request(headers)
        pair.exchange()
        if stream in pair.server.streams:
            pair.server.send_headers(stream, REFUSAL, end_stream=True)
    assert recorded(pair.events)[-2:] == [("headers", stream, large), ("end", stream)]


def test_large_header_blocks_are_not_cached() -> None:
    pair = Pair()
    for number in range(REMEMBERED):
        header: Any = NeverIndexedHeaderTuple("x-much", f"{number}{'~' * 3_000}")
        stream = pair.request([*REQUEST, header])
        pair.exchange()
        pair.server.send_headers(stream, REFUSAL, end_stream=True)
    assert isinstance(pair.server, Http2Connection)
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
    """Return the bytes of a client that does these steps, each on one of its last streams."""
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
    return recorded([event for part in parts for event in receive(part)])


@given(STEPS, st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_events_equal_those_of_h2_for_any_fragmentation(steps: list[Step], cuts: list[int]) -> None:
    sent = play(client(), steps)
    parts, at = [], 0
    for size in cuts:
        parts.append(sent[at : at + size])
        at += size
    parts.append(sent[at:])
    assert heard_of(partial(all_of, ours()), parts) == heard_of(theirs().receive_data, [sent])


@given(STEPS, st.data())
def test_whatever_comes_the_end_is_an_answer(steps: list[Step], draw: st.DataObject) -> None:
    sent = bytearray(play(client(), steps))
    for _ in range(draw.draw(st.integers(1, 5))):
        sent[draw.draw(st.integers(0, len(sent) - 1))] = draw.draw(st.integers(0, 255))
    server = ours()
    try:
        all_of(server, bytes(sent))
    except ProtocolError as error:
        assert int.from_bytes(server.data_to_send()[-4:]) == error.error_code
    assert len(server.streams) <= STREAMS
