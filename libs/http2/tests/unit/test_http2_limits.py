"""Limits on the work that one client causes: bounded in each turn and in total.

Cases H1, H2, H8 and H10 of docs/hostile-callers.md.
"""

import tracemalloc

import pytest
from h2.errors import ErrorCodes
from h2.events import RemoteSettingsChanged, StreamReset, WindowUpdated
from h2.exceptions import DenialOfServiceError
from h2.settings import SettingCodes

from http2 import frames, headers
from http2.budget import BURST, FOR_RESPONSE, PER_SECOND, FrameBudget
from http2.connection import REQUEST as REQUEST_WORK
from http2.connection import TURN
from http2.frames import NUMBER, SETTING
from http2.headers import MAX_ENTRIES
from http2.implementations import HTTP2, Http2
from http2.streams import STREAMS
from tests.support.clients.http2_pair import REFUSAL, REQUEST, Pair, recorded, unless_h2

MEGABYTE = 2**20
WHOLE = frames.END_HEADERS | frames.END_STREAM
MANY = 2 * BURST  # frames; some seconds pass, and permit some more
BYTES = b"12345678"
NO_INCREMENT_BUT_ONE = NUMBER.pack(1)
SETTINGS = SETTING.pack(SettingCodes.MAX_CONCURRENT_STREAMS, 5)
FLOODS = {
    "PING": frames.written(frames.PING, 0, 0, BYTES),
    "PING acknowledged": frames.written(frames.PING, frames.ACK, 0, BYTES),
    "SETTINGS": frames.written(frames.SETTINGS, 0, 0, SETTINGS),
    "empty SETTINGS": frames.written(frames.SETTINGS, 0, 0),
    "SETTINGS acknowledged": frames.written(frames.SETTINGS, frames.ACK, 0),
    "PRIORITY": frames.written(frames.PRIORITY, 0, 1, NUMBER.pack(0) + b"x"),
    "empty DATA": frames.written(frames.DATA, 0, 1),
    "tiny DATA": frames.written(frames.DATA, 0, 1, b"x"),
    "padding": frames.written(frames.DATA, frames.PADDED, 1, b"\x09" + bytes(9)),
    "window of a stream": frames.written(frames.WINDOW_UPDATE, 0, 1, NO_INCREMENT_BUT_ONE),
    "window of the connection": frames.written(frames.WINDOW_UPDATE, 0, 0, NO_INCREMENT_BUT_ONE),
    "reset": frames.written(frames.RST_STREAM, 0, 1, NUMBER.pack(ErrorCodes.CANCEL)),
    "of a kind to come": frames.written(0x2A, 0, 1, b"x"),
}


@pytest.fixture(params=HTTP2)
def http2(request: pytest.FixtureRequest) -> type[Http2]:
    return HTTP2[request.param]


def test_repeated_settings_in_one_frame_are_one_event(http2: type[Http2]) -> None:
    pair = Pair(http2)
    streams = [pair.request(is_end=False) for _ in range(STREAMS)]
    pair.exchange()
    pair.events.clear()
    windows = [SETTING.pack(SettingCodes.INITIAL_WINDOW_SIZE, size) for size in range(2_730)]
    events = pair.server.receive_data(frames.written(frames.SETTINGS, 0, 0, b"".join(windows)))
    assert [type(event) for event in events] in ([WindowUpdated], [RemoteSettingsChanged])
    assert {pair.server.local_flow_control_window(stream) for stream in streams} == {2_729}


def test_a_settings_frame_counts_by_its_settings(http2: type[Http2]) -> None:
    """CVE-2020-11080: a frame of 16 kB costs as much as a hundred others."""
    pair = Pair(http2)
    settings = frames.written(frames.SETTINGS, 0, 0, SETTINGS * 2_730)
    pair.server.receive_data(settings * 10)
    assert pair.server.is_behind
    assert pair.server.data_to_send().count(frames.written(frames.SETTINGS, 1, 0)) < 4
    assert pair.refused(settings * 10) == ErrorCodes.ENHANCE_YOUR_CALM


@pytest.mark.parametrize("flood", FLOODS)
def test_flood_of_useless_frames_closes_the_connection(flood: str, http2: type[Http2]) -> None:
    pair = Pair(http2)
    pair.request(is_end=False)
    pair.exchange()
    sent = FLOODS[flood] * MANY
    assert pair.refused(sent) == ErrorCodes.ENHANCE_YOUR_CALM


def test_repeated_refused_requests_close_the_connection(
    http2: type[Http2],
) -> None:
    """MadeYouReset (CVE-2025-8671): the client makes the server reset its requests."""
    pair = Pair(http2)
    bad = headers.written((*REQUEST, ("connection", "close")))
    flags = frames.END_HEADERS | frames.END_STREAM
    streams = range(1, 2 * MANY, 2)
    sent = b"".join(frames.written(frames.HEADERS, flags, stream, bad) for stream in streams)
    assert pair.refused(sent) == ErrorCodes.ENHANCE_YOUR_CALM


def test_responses_refill_the_frame_budget(http2: type[Http2]) -> None:
    pair = Pair(http2)
    for _ in range(2 * BURST // FOR_RESPONSE):
        stream = pair.request()
        pair.exchange()
        pair.server.send_headers(stream, REFUSAL, end_stream=True)
        pair.server.receive_data(FLOODS["PING"] * FOR_RESPONSE)
    assert not pair.server.refused


def test_budget_refills_with_time_up_to_its_initial_size() -> None:
    now = 0.0
    budget = FrameBudget(lambda: now)
    assert _spent(budget) == BURST
    now += 3
    assert _spent(budget) == 3 * PER_SECOND
    budget.earn(BURST // 2)
    assert _spent(budget) == BURST // 2
    now += 1e6
    assert _spent(budget) == BURST


def _spent(budget: FrameBudget) -> int:
    for count in range(2 * BURST):
        try:
            budget.spend()
        except DenialOfServiceError as error:
            assert error.error_code == ErrorCodes.ENHANCE_YOUR_CALM
            return count
    return 2 * BURST


def test_turn_processes_a_bounded_part_of_the_input(http2: type[Http2]) -> None:
    pair = Pair(http2)
    pair.server.receive_data(FLOODS["PING"] * (TURN + 50))
    assert pair.server.is_behind
    assert len(pair.server.data_to_send()) == TURN * len(FLOODS["PING"])
    pair.server.receive_data(b"")
    assert not pair.server.is_behind
    assert len(pair.server.data_to_send()) == 50 * len(FLOODS["PING"])


def test_headers_count_as_work_of_a_turn(http2: type[Http2]) -> None:
    """Each byte of a block may be a header, which costs as much as a frame."""
    pair = Pair(http2)
    for number in range(TURN):
        name = f"x-{number}"
        pair.request(
            [*REQUEST, *[(name, str(entry)) for entry in range(MAX_ENTRIES - len(REQUEST))]]
        )
        if number == STREAMS - 1:
            break
    events = pair.server.receive_data(pair.client.data_to_send())
    assert len(events) // 2 <= TURN // MAX_ENTRIES + 1
    assert pair.server.is_behind


def test_requests_count_for_more_than_other_frames(http2: type[Http2]) -> None:
    pair = Pair(http2)
    for _ in range(STREAMS):
        pair.request()
    events = pair.server.receive_data(pair.client.data_to_send())
    assert len(events) // 2 <= TURN // REQUEST_WORK


def test_request_with_too_many_headers_resets_only_its_stream(http2: type[Http2]) -> None:
    pair = Pair(http2)
    refused = pair.request([*REQUEST, *[("x", "")] * MAX_ENTRIES])
    good = pair.request()
    (reset,) = [event for event in pair.exchange() if isinstance(event, StreamReset)]
    assert reset.stream_id == refused
    assert pair.open_streams == {good}


@pytest.mark.parametrize("digits", [19, 4_301, 9_000])
@pytest.mark.parametrize("place", ["headers", "trailers"])
def test_overlong_content_length_resets_only_its_stream(
    request: pytest.FixtureRequest, digits: int, place: str, http2: type[Http2]
) -> None:
    pair = Pair(http2)
    length = ("content-length", "9" * digits)
    if place == "headers":
        stream = pair.request([*REQUEST, length])
    else:
        stream = pair.request(is_end=False)
        pair.client.send_headers(stream, [length], end_stream=True)
    good = pair.request()
    unless_h2(request, http2, digits > 4_300, "h2 ends the connection")
    events = pair.exchange()
    if place == "headers":
        assert [one.stream_id for one in events if isinstance(one, StreamReset)] == [stream]
    assert good in pair.open_streams


@pytest.mark.parametrize("what", ["trailers", "data", "window", "reset"])
def test_late_frames_after_our_reset_are_ignored(
    request: pytest.FixtureRequest, what: str, http2: type[Http2]
) -> None:
    """RFC 9113 §5.1; formerly late trailers closed the connection with all its other calls."""
    pair = Pair(http2)
    stream, other = pair.request(is_end=False), pair.request(is_end=False)
    pair.exchange()
    match what:
        case "trailers":
            pair.client.send_headers(stream, [("x-a", "1")], end_stream=True)
        case "data":
            pair.client.send_data(stream, b"late", end_stream=True)
        case "window":
            pair.client.increment_flow_control_window(1, stream)
        case "reset":
            pair.client.reset_stream(stream)
    unless_h2(request, http2, what in {"trailers", "data"}, "h2 resets a stream again")
    late = pair.client.data_to_send()
    pair.server.reset_stream(stream)
    pair.server.data_to_send()
    assert recorded(pair.server.receive_data(late)) == []
    assert pair.server.data_to_send() == b""
    assert pair.open_streams == {other}
    assert not pair.server.refused


def test_late_data_restores_the_connection_window(http2: type[Http2]) -> None:
    pair = Pair(http2)
    stream = pair.request(is_end=False)
    pair.exchange()
    pair.server.reset_stream(stream)
    given = 0
    for _ in range(40):
        pair.server.receive_data(frames.written(frames.DATA, 0, stream, bytes(16_000)))
        given += len(pair.server.data_to_send())
    assert given > 0


def test_client_settings_do_not_grow_server_memory(http2: type[Http2]) -> None:
    """h2 keeps every setting of a connection: all 65,536 take 52 MB."""
    pair = Pair(http2)
    codes = [range(first, first + 2_500) for first in range(0x100, 0x5000, 2_500)]
    tracemalloc.start()
    for some in codes:
        payload = b"".join(SETTING.pack(code, 1) for code in some)
        pair.server.receive_data(frames.written(frames.SETTINGS, 0, 0, payload))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < MEGABYTE


def test_client_does_not_choose_the_encoder_table_size(http2: type[Http2]) -> None:
    """Each response may enter a header, and each entry is searched for every other one.

    What was sent 20 responses ago is in the table no more: it is sent whole again.
    """
    server, block = Pair(http2).server, headers.written(tuple(REQUEST))
    size = SETTING.pack(SettingCodes.HEADER_TABLE_SIZE, 2**32 - 1)
    server.receive_data(frames.written(frames.SETTINGS, 0, 0, size))
    for stream, number in enumerate([*range(20), 0]):
        server.receive_data(frames.written(frames.HEADERS, WHOLE, 2 * stream + 1, block))
        server.data_to_send()
        trailers = [*REFUSAL, ("trace-id", f"{number:0400}")]
        server.send_headers(2 * stream + 1, trailers, end_stream=True)
    assert len(server.data_to_send()) > 200
