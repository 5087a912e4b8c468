"""HTTP/2 with the library h2 and the limits of our own implementation, which it can replace.

The setting HTTP2 chooses; docs/decisions/0049 explains the default.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamReset, TrailersReceived
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes
from h2.stream import H2Stream

from http2 import frames
from http2 import headers as http2_headers
from http2.budget import FOR_DATA, FOR_RESPONSE, FrameBudget
from http2.connection import TURN
from http2.frame_writer import WRITE
from http2.h2_input import H2Input
from http2.headers import HEADER_MEMORY, MAX_HEADERS, Block, Headers
from http2.streams import DEFAULT_WINDOW, STREAMS

CONFIG = H2Configuration(
    client_side=False,
    header_encoding="latin-1",
    validate_inbound_headers=False,  # http2_headers.problem() does: h2 would end the connection
    normalize_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)
OURS_TO_REFUSE = 2**31 - 1  # concurrent streams; above its own limit h2 closes the connection
TABLE = 4_096  # bytes of our encoder's table; a client may allow 4 GB, and lookups are linear


class H2BoundedConnection(H2Connection):
    """h2's connection with the budget, the bounded turns and the counts of Http2Connection.

    It uses no private attributes of its base class. Differences of h2: a wrong content-length
    closes the connection, not the stream, and late frames on a reset stream get another RST_STREAM.
    """

    DEFAULT_MAX_HEADER_LIST_SIZE = MAX_HEADERS
    MAX_CLOSED_STREAMS = STREAMS  # h2 remembers 65,536
    is_behind = False

    def __init__(self, connection_window: int, stream_window: int) -> None:
        super().__init__(CONFIG)
        self._budget = FrameBudget()
        self._input = H2Input(self._budget)
        self._is_gone = False
        self._unread = 0
        self.refused: list[int] = []
        self._set(SettingCodes.MAX_CONCURRENT_STREAMS, STREAMS)
        self._set(SettingCodes.INITIAL_WINDOW_SIZE, stream_window)
        self.initiate_connection()
        self.increment_flow_control_window(connection_window - DEFAULT_WINDOW)
        self._set(SettingCodes.MAX_CONCURRENT_STREAMS, OURS_TO_REFUSE)
        super().receive_data(frames.PREFACE)

    def _set(self, code: SettingCodes, value: int) -> None:
        self.local_settings[code] = value
        self.local_settings.acknowledge()

    def receive_data(self, data: bytes) -> list[Event]:  # type: ignore[override]  # no other buffer
        """As Http2Connection.receive_data()."""
        last, events = self._input.work + TURN, list[Event]()
        try:
            for frame in self._input.read(data):
                events += self._allowed(self._understood(frame))
                if self._input.work >= last:
                    break
        except ProtocolError as error:
            self.refused.append(error.error_code)
            self.go_away(error.error_code)
            raise
        self.is_behind = self._input.work >= last and self._input.has_rest
        return events

    def _understood(self, frame: bytes) -> list[Event]:
        try:
            events = super().receive_data(frame)
        except ProtocolError:
            self._is_gone = True  # h2 has already sent GOAWAY
            raise
        if self.encoder.header_table_size > TABLE:  # noqa: PLR1730 - each assignment costs time
            self.encoder.header_table_size = TABLE
        return events

    def _allowed(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the application's events: no refused headers, and no trailers but their end."""
        for event in events:
            if isinstance(event, StreamReset) and not event.remote_reset:
                self._fault(int(event.error_code))
            if isinstance(event, RequestReceived | TrailersReceived):
                code = self._refusal(event)
                if code is not None:
                    yield from self._refuse(event, code)
                    return
            if isinstance(event, DataReceived):
                self._unread += event.flow_controlled_length or 0
            if not isinstance(event, TrailersReceived):
                yield event

    def _refusal(self, begun: RequestReceived | TrailersReceived) -> ErrorCodes | None:
        headers = cast("Headers", begun.headers)
        self._input.work += len(headers)
        stream: Any = self.streams.get(begun.stream_id)
        if stream is not None:
            stream.headers = http2_headers.size_of(headers)
        if self.open_inbound_streams > STREAMS:
            return ErrorCodes.REFUSED_STREAM
        if isinstance(begun, TrailersReceived):
            is_wrong = not Block(headers, None, None, 0).is_trailer
        else:
            is_wrong = http2_headers.problem(headers) is not None
        return ErrorCodes.PROTOCOL_ERROR if is_wrong else None

    def _refuse(
        self, begun: RequestReceived | TrailersReceived, code: ErrorCodes
    ) -> Iterator[Event]:
        stream = begun.stream_id
        self.reset_stream(stream, code)
        self._fault(code)
        if isinstance(begun, TrailersReceived):  # of a request that the application knows
            yield StreamReset(stream_id=stream, error_code=code, remote_reset=False)

    def _fault(self, code: int) -> None:
        """Count a stream that a client error has ended."""
        self._budget.spend()
        self.refused.append(code)

    @property
    def held(self) -> int:
        """As Http2Connection.held."""
        table = self.decoder.header_table
        entries = HEADER_MEMORY * len(table.dynamic_entries) + table._current_size  # noqa: SLF001 - hpack has no public size
        return self._input.held + self._unread + entries + len(self._data_to_send)

    @property
    def is_full(self) -> bool:
        """As Http2Connection.is_full."""
        return len(self._data_to_send) > WRITE

    def acknowledge_received_data(self, size: int, stream_id: int) -> None:
        """Acknowledge so many bytes read from a stream."""
        self._unread -= size
        super().acknowledge_received_data(size, stream_id)

    @property
    def is_between(self) -> bool:
        """As Http2Connection.is_between."""
        return self._input.is_between

    @property
    def progress(self) -> int:
        """As Http2Connection.progress."""
        return self._input.progress

    def local_flow_control_window(self, stream_id: int) -> int:
        """See Http2Connection; raises StreamClosedError."""
        self._open(stream_id)
        return super().local_flow_control_window(stream_id)

    def send_headers(  # type: ignore[override]  # a server sends no priorities
        self, stream_id: int, headers: Headers, *, end_stream: bool = False
    ) -> None:
        """See Http2Connection; raises StreamClosedError."""
        self._open(stream_id)
        super().send_headers(stream_id, headers, end_stream)
        if end_stream:
            self._answered(stream_id)

    def send_data(  # type: ignore[override]  # nor padding
        self, stream_id: int, data: bytes, *, end_stream: bool = False
    ) -> None:
        """See Http2Connection; raises StreamClosedError."""
        self._open(stream_id)
        super().send_data(stream_id, data, end_stream)
        self._budget.earn(FOR_DATA)
        if end_stream:
            self._answered(stream_id)

    def _answered(self, stream_id: int) -> None:
        self._budget.earn(FOR_RESPONSE)
        self.reset_stream(stream_id)

    def reset_stream(self, stream_id: int, error_code: int = ErrorCodes.NO_ERROR) -> None:
        """Reset a stream, unless it has ended."""
        if self._is_open(stream_id):
            super().reset_stream(stream_id, error_code)

    def go_away(self, error_code: int = ErrorCodes.NO_ERROR) -> None:
        """Send GOAWAY, once."""
        if not self._is_gone:
            self._is_gone = True
            self.close_connection(error_code)

    def ping(self, data: bytes) -> None:  # type: ignore[override]  # always bytes
        """Send PING with 8 bytes; not after GOAWAY, which h2 rejects."""
        if not self._is_gone:
            super().ping(data)

    def _open(self, stream_id: int) -> None:
        if not self._is_open(stream_id):
            raise StreamClosedError(stream_id)

    def _is_open(self, stream_id: int) -> bool:
        stream: H2Stream | None = self.streams.get(stream_id)
        return not (self._is_gone or stream is None or stream.closed)
