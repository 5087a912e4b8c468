"""The server's side of an HTTP/2 connection, without any I/O: RFC 9113, sections 3.4, 5.4 and 6.

It takes the place of h2's H2Connection below grpclib and has what a server calls of it, under the
same names; why: docs/decisions/0037. What is wrong with one request ends its stream, all else the
connection.
"""

from h2.errors import ErrorCodes
from h2.events import Event, PingAckReceived, WindowUpdated
from h2.exceptions import FlowControlError, FrameTooLargeError, ProtocolError, StreamClosedError
from h2.settings import SettingCodes

from http2 import frame_validation, frames
from http2 import headers as http2_headers
from http2.budget import FOR_DATA, FOR_RESPONSE, FrameBudget, work_of
from http2.frames import NUMBER, SETTING, Frame, FrameReader
from http2.headers import HeaderReader, Headers
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
WRITE = 65_536  # bytes
REQUEST = 10  # frames of another kind that take as long as one that begins a request


class Http2Connection:
    """Frames in; events and frames out. Windows are in bytes.

    `refused` collects the error codes that streams, or the connection, were ended with; `progress`
    counts what was complete: a frame, or all frames of a header block.
    """

    max_outbound_frame_size = frames.MAX_PAYLOAD
    is_behind = False

    def __init__(self, connection_window: int, stream_window: int) -> None:
        self._events: list[Event] = []
        self.streams = Streams(stream_window, self._events.append)
        self._frames = FrameReader()
        self._headers = HeaderReader()
        self._budget = FrameBudget()
        self._is_greeted = self._is_gone = False
        self._taken = 0
        self.refused: list[int] = []
        self.progress = 0
        self._sending = Sending(DEFAULT_WINDOW)
        self._received = Receiving(connection_window)
        self._out = bytearray()
        ours = {
            SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
            SettingCodes.INITIAL_WINDOW_SIZE: stream_window,
            SettingCodes.MAX_HEADER_LIST_SIZE: http2_headers.MAX_HEADERS,
        }
        self._send(frames.SETTINGS, 0, 0, b"".join(SETTING.pack(*one) for one in ours.items()))
        self._announce(0, connection_window - DEFAULT_WINDOW)

    def receive_data(self, data: bytes) -> list[Event]:
        """What has happened; after ProtocolError only data_to_send() is left to do.

        Reads no more than TURN allows: while is_behind, call again with nothing.
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
            self._take(frame)
        except StreamFault as fault:
            self._budget.spend()
            self.refused.append(fault.code)
            self._send(frames.RST_STREAM, 0, fault.stream_id, NUMBER.pack(fault.code))
            self.streams.refuse(fault.stream_id, fault.code)

    @property
    def is_between(self) -> bool:
        """Whether all that has begun is complete: the greeting, frames and header blocks."""
        return self._is_greeted and not (self._headers.is_waiting or self._frames.has_rest)

    @property
    def held(self) -> int:
        """Bytes of memory: input that is not read, headers, and output."""
        unread = len(self._frames.kept) + self._received.unread
        return unread + self._headers.held + len(self._out)

    @property
    def is_full(self) -> bool:
        """Whether there is more to send than one write should have."""
        return len(self._out) > WRITE

    def data_to_send(self) -> bytes:
        """All that is to go out now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def acknowledge_received_data(self, size: int, stream_id: int) -> None:
        """So much was read of a stream: the client may send as much."""
        self._announce(0, self._received.give_back(size))
        stream = self.streams.get(stream_id)
        if stream is not None and not stream.is_ended:
            self._announce(stream_id, stream.received.give_back(size))

    def local_flow_control_window(self, stream_id: int) -> int:
        """Bytes that may be sent on a stream now; raises StreamClosedError."""
        return min(self._sending.left, self._open(stream_id).sending.left)

    def send_headers(self, stream_id: int, headers: Headers, *, end_stream: bool = False) -> None:
        """Raises StreamClosedError."""
        stream = self._open(stream_id)
        flags = frames.END_HEADERS | (frames.END_STREAM if end_stream else 0)
        self._send(frames.HEADERS, flags, stream_id, http2_headers.written(tuple(headers)))
        if end_stream:
            self._answered(stream)

    def send_data(self, stream_id: int, data: bytes, *, end_stream: bool = False) -> None:
        """No more than the window and a frame allow; raises StreamClosedError."""
        stream = self._open(stream_id)
        stream.sending.left -= len(data)
        self._sending.left -= len(data)
        self._send(frames.DATA, frames.END_STREAM if end_stream else 0, stream_id, data)
        self._budget.earn(FOR_DATA)
        if end_stream:
            self._answered(stream)

    def reset_stream(self, stream_id: int, error_code: int = ErrorCodes.NO_ERROR) -> None:
        """End a stream at once."""
        self._send(frames.RST_STREAM, 0, stream_id, NUMBER.pack(error_code))
        self.streams.forget(stream_id)

    def go_away(self, error_code: int = ErrorCodes.NO_ERROR) -> None:
        """The last frame: the client may ask again, elsewhere, what came after the newest."""
        if not self._is_gone:
            self._is_gone = True
            newest = NUMBER.pack(self.streams.newest)
            self._send(frames.GOAWAY, 0, 0, newest + NUMBER.pack(error_code))

    def ping(self, data: bytes) -> None:
        """Ask for 8 bytes back."""
        self._send(frames.PING, 0, 0, data)

    def _take(self, frame: Frame) -> None:
        if not self._is_greeted and frame.kind != frames.SETTINGS:
            raise ProtocolError("settings come first")
        frame_validation.check(frame)
        self._budget.count(frame)
        if self._headers.is_waiting or frame.kind in (frames.HEADERS, frames.CONTINUATION):
            self._take_headers(frame)
        elif frame.stream:
            self._take_of_stream(frame)
        else:
            self._take_of_connection(frame)
        self.progress += not self._headers.is_waiting

    def _take_headers(self, frame: Frame) -> None:
        whole = self._headers.add(frame)
        if whole is not None:
            first, block = whole
            is_end = bool(first.flags & frames.END_STREAM)
            self.streams.headers(first.stream, block, is_end=is_end)

    def _take_of_stream(self, frame: Frame) -> None:
        match frame.kind:  # priorities are advice; other kinds are extensions (section 5.5)
            case frames.DATA:
                self._data(frame)
            case frames.RST_STREAM:
                self._reset(frame)
            case frames.WINDOW_UPDATE:
                self._window_update(frame)

    def _take_of_connection(self, frame: Frame) -> None:
        match frame.kind:  # who sends GOAWAY waits for the answers that are to come
            case frames.SETTINGS:
                self._settings(frame)
            case frames.PING:
                self._ping(frame)
            case frames.WINDOW_UPDATE:
                self._window_update(frame)

    def _data(self, frame: Frame) -> None:
        _, flags, stream_id, payload = frame
        size = len(payload)
        self._received.take(size)
        stream = self.streams.known(stream_id)
        if stream is None or stream.is_ended:
            self._announce(0, self._received.give_back(size))
            if self.streams.is_late(stream_id):
                return
            raise StreamFault(stream_id, ErrorCodes.STREAM_CLOSED)
        stream.received.take(size)
        data = frames.unpadded(flags, payload)
        self.streams.data(stream, data, size, is_end=bool(flags & frames.END_STREAM))

    def _reset(self, frame: Frame) -> None:
        self.streams.known(frame.stream)
        (code,) = NUMBER.unpack(frame.payload)
        self.streams.drop(frame.stream, code, is_theirs=True)

    def _settings(self, frame: Frame) -> None:
        self._is_greeted = True
        if frame.flags & frames.ACK:
            if frame.payload:
                raise FrameTooLargeError("an acknowledgement says nothing")
            return
        last = dict(
            frame_validation.settings(frame.payload)
        )  # of a repeated one the last value counts
        if (window := last.get(SettingCodes.INITIAL_WINDOW_SIZE)) is not None:
            self.streams.resize(window)
            self._events.append(WindowUpdated(stream_id=0))  # of all streams
        self._send(frames.SETTINGS, frames.ACK, 0)

    def _ping(self, frame: Frame) -> None:
        if frame.flags & frames.ACK:
            self._events.append(PingAckReceived(ping_data=frame.payload))
        else:
            self._send(frames.PING, frames.ACK, 0, frame.payload)

    def _window_update(self, frame: Frame) -> None:
        increment = NUMBER.unpack(frame.payload)[0] & frame_validation.LARGEST_WINDOW
        if not increment:
            raise ProtocolError("a window that grows by nothing")
        if not frame.stream:
            self._sending.grow(increment)
        elif (stream := self.streams.known(frame.stream)) is not None:
            try:
                stream.sending.grow(increment)
            except FlowControlError as error:
                raise StreamFault(stream.id, error.error_code) from error
        self._events.append(WindowUpdated(stream_id=frame.stream, delta=increment))

    def _open(self, stream_id: int) -> Http2Stream:
        try:
            return self.streams[stream_id]
        except KeyError:
            raise StreamClosedError(stream_id) from None

    def _answered(self, stream: Http2Stream) -> None:
        """Nobody needs the rest of a request whose answer is complete (section 8.1)."""
        self._budget.earn(FOR_RESPONSE)
        if stream.is_ended:
            del self.streams[stream.id]
        else:
            self.reset_stream(stream.id)

    def _announce(self, stream_id: int, increment: int) -> None:
        if increment:
            self._send(frames.WINDOW_UPDATE, 0, stream_id, NUMBER.pack(increment))

    def _send(self, kind: int, flags: int, stream_id: int, payload: bytes = b"") -> None:
        self._out += frames.written(kind, flags, stream_id, payload)
