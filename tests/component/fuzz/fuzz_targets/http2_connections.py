"""HTTP/2 without I/O: frames, header blocks, streams and windows, in bounded turns."""

from h2.events import Event
from h2.exceptions import ProtocolError

from http2 import frames
from http2.connection import REQUEST, TURN, Http2Connection
from http2.headers import MAX_HEADERS
from tests.component.fuzz import http2_input, http2_mutation
from tests.component.fuzz.http2_input import HEAD

WINDOW = 65_536
ENTRIES = MAX_HEADERS // 32  # of a block: each counts as 32 bytes
seeds, mutate = http2_input.seeds, http2_mutation.mutate
Heard = tuple[bytes, list[Event], list[int], bool]


def run(data: bytes) -> None:
    """Check that events and output do not depend on chunking; raise AssertionError for a find."""
    whole = _heard([data])
    size = len(data) % 97 + 1
    parts = _heard([data[at : at + size] for at in range(0, len(data), size)])
    sent, events, refused, is_broken = whole
    assert (sent, refused, is_broken) == (parts[0], parts[2], parts[3]), "depends on chunking"
    if not is_broken:
        assert events == parts[1], "events depend on chunking"
    assert is_broken is _says_goodbye(sent), "an error without GOAWAY, or vice versa"


def _heard(pieces: list[bytes]) -> Heard:
    connection = Http2Connection(2 * WINDOW, WINDOW)
    budget = connection._budget
    budget._clock = lambda: budget._filled_at  # constant time: the same for each input
    events: list[Event] = []
    try:
        for piece in pieces:
            events += _turns(connection, piece)
    except ProtocolError:
        return connection.data_to_send(), events, connection.refused, True
    assert len(connection._frames.kept) < HEAD + frames.MAX_PAYLOAD, "a frame is not processed"
    return connection.data_to_send(), events, connection.refused, False


def _turns(connection: Http2Connection, piece: bytes) -> list[Event]:
    events: list[Event] = []
    most = len(piece) // HEAD + 2  # each turn processes at least one frame
    while most:
        taken, decoded = connection._taken, connection._headers.decoded
        events += connection.receive_data(piece)
        assert connection._taken - taken < TURN + REQUEST, "too many frames in a turn"
        assert connection._headers.decoded - decoded < TURN + ENTRIES, "too many headers in a turn"
        if not connection.is_behind:
            return events
        most, piece = most - 1, b""
    raise AssertionError("too many turns")


def _says_goodbye(sent: bytes) -> bool:
    found = http2_input.split(sent)
    return bool(found) and found[-1][3] == frames.GOAWAY
