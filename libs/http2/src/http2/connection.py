"""The server's side of an HTTP/2 connection, without any I/O: RFC 9113, sections 3.4, 5.4 and 6.

It replaces h2's H2Connection below grpclib, with the same names for what a server calls; reasons:
docs/decisions/0037. An error of one request resets its stream, any other error closes the
connection.
"""

from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes

from http2 import frames
from http2 import headers as http2_headers
from http2.budget import FOR_DATA, FOR_RESPONSE, FrameBudget, work_of
from http2.frame_handler import FrameHandler
from http2.frame_writer import FrameWriter
from http2.frames import NUMBER, SETTING, Frame, FrameReader
from http2.headers import Headers
from http2.streams import (
    DEFAULT_WINDOW,
    STREAMS,
    Http2Stream,
    Receiving,
    Sending,
    StreamFault,
    Streams,
)

TURN = 200  # frames, or headers, that are read at once: one or two milliseconds
REQUEST = 10  # frames of another kind that take as long as one that begins a request


class Http2Connection:
    """Frames in; events and frames out. Windows are in bytes.

    `refused` collects the error codes that streams, or the connection, were ended with.
    """

    max_outbound_frame_size = frames.MAX_PAYLOAD
    is_behind = False

    def __init__(self, connection_window: int, stream_window: int) -> None:
        self._events: list[Event] = []
        self.streams = Streams(stream_window, self._events.append)
        self._frames = FrameReader()
        self._budget = FrameBudget()
        self._is_gone = False
        self._taken = 0
        self.refused: list[int] = []
        self._sending = Sending(DEFAULT_WINDOW)
        self._received = Receiving(connection_window)
        self._out = FrameWriter()
        self._handler = FrameHandler(
            self.streams,
            sending=self._sending,
            received=self._received,
            budget=self._budget,
            out=self._out,
            emit=self._events.append,
        )
        self._headers = self._handler.headers
        ours = {
            SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
            SettingCodes.INITIAL_WINDOW_SIZE: stream_window,
            SettingCodes.MAX_HEADER_LIST_SIZE: http2_headers.MAX_HEADERS,
        }
        self._out.send(frames.SETTINGS, 0, 0, b"".join(SETTING.pack(*one) for one in ours.items()))
        self._out.announce(0, connection_window - DEFAULT_WINDOW)

    def receive_data(self, data: bytes) -> list[Event]:
        """Process input and return the events; after ProtocolError only send the pending output.

        It processes at most TURN frames or headers: while is_behind, call again without data.
        """
        last = self._work() + TURN
        try:
            for frame in self._frames.read(data):
                self._take_or_reset(frame)
                if self._work() >= last:
                    break
        except ProtocolError as error:
            self.refused.append(error.error_code)
            self.go_away(error.error_code)
            raise
        self.is_behind = self._work() >= last and self._frames.has_rest
        events = self._events.copy()
        self._events.clear()
        return events

    def _work(self) -> int:
        return self._taken + self._headers.decoded

    def _take_or_reset(self, frame: Frame) -> None:
        self._taken += REQUEST if frame.kind == frames.HEADERS else work_of(frame)
        try:
            self._handler.handle(frame)
        except StreamFault as fault:
            self._budget.spend()
            self.refused.append(fault.code)
            self._out.send(frames.RST_STREAM, 0, fault.stream_id, NUMBER.pack(fault.code))
            self.streams.refuse(fault.stream_id, fault.code)

    @property
    def progress(self) -> int:
        """Counts what was complete: a frame, or all frames of a header block."""
        return self._handler.progress

    @property
    def is_between(self) -> bool:
        """Whether nothing is incomplete: preface and SETTINGS, frames, header blocks."""
        return self._handler.is_greeted and not (self._headers.is_waiting or self._frames.has_rest)

    @property
    def held(self) -> int:
        """Bytes of memory: unread input, headers, and output."""
        unread = len(self._frames.kept) + self._received.unread
        return unread + self._headers.held + len(self._out)

    @property
    def is_full(self) -> bool:
        """Whether the pending output exceeds the size of one write."""
        return self._out.is_full

    def data_to_send(self) -> bytes:
        """Return the pending output, and clear it."""
        return self._out.take()

    def acknowledge_received_data(self, size: int, stream_id: int) -> None:
        """Acknowledge bytes read from a stream: the client may send as many more."""
        self._out.announce(0, self._received.give_back(size))
        stream = self.streams.get(stream_id)
        if stream is not None and not stream.is_ended:
            self._out.announce(stream_id, stream.received.give_back(size))

    def local_flow_control_window(self, stream_id: int) -> int:
        """Return the bytes that may be sent on a stream now; raises StreamClosedError."""
        return min(self._sending.left, self._open(stream_id).sending.left)

    def send_headers(self, stream_id: int, headers: Headers, *, end_stream: bool = False) -> None:
        """Send headers; raises StreamClosedError."""
        stream = self._open(stream_id)
        flags = frames.END_HEADERS | (frames.END_STREAM if end_stream else 0)
        self._out.send(frames.HEADERS, flags, stream_id, http2_headers.written(tuple(headers)))
        if end_stream:
            self._answered(stream)

    def send_data(self, stream_id: int, data: bytes, *, end_stream: bool = False) -> None:
        """Send data that fits into the window and a frame; raises StreamClosedError."""
        stream = self._open(stream_id)
        stream.sending.left -= len(data)
        self._sending.left -= len(data)
        self._out.send(frames.DATA, frames.END_STREAM if end_stream else 0, stream_id, data)
        self._budget.earn(FOR_DATA)
        if end_stream:
            self._answered(stream)

    def reset_stream(self, stream_id: int, error_code: int = ErrorCodes.NO_ERROR) -> None:
        """Reset a stream."""
        self._out.send(frames.RST_STREAM, 0, stream_id, NUMBER.pack(error_code))
        self.streams.forget(stream_id)

    def go_away(self, error_code: int = ErrorCodes.NO_ERROR) -> None:
        """Send GOAWAY, once: the client may retry requests after the newest stream elsewhere."""
        if not self._is_gone:
            self._is_gone = True
            newest = NUMBER.pack(self.streams.newest)
            self._out.send(frames.GOAWAY, 0, 0, newest + NUMBER.pack(error_code))

    def ping(self, data: bytes) -> None:
        """Send PING with 8 bytes."""
        self._out.send(frames.PING, 0, 0, data)

    def _open(self, stream_id: int) -> Http2Stream:
        try:
            return self.streams[stream_id]
        except KeyError:
            raise StreamClosedError(stream_id) from None

    def _answered(self, stream: Http2Stream) -> None:
        """End a stream whose response is complete: the rest of the request is useless (8.1)."""
        self._budget.earn(FOR_RESPONSE)
        if stream.is_ended:
            del self.streams[stream.id]
        else:
            self.reset_stream(stream.id)
