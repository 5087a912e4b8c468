"""Handling of each frame of a client: RFC 9113, sections 5.5, 6 and 6.9.

An error of one request raises StreamFault, any other error ProtocolError.
"""

from collections.abc import Callable

from h2.errors import ErrorCodes
from h2.events import Event, PingAckReceived, WindowUpdated
from h2.exceptions import FlowControlError, FrameTooLargeError, ProtocolError
from h2.settings import SettingCodes

from http2 import frame_validation, frames
from http2.budget import FrameBudget
from http2.frame_writer import FrameWriter
from http2.frames import NUMBER, Frame
from http2.headers import HeaderReader
from http2.streams import Receiving, Sending, StreamFault, Streams


class FrameHandler:
    """Updates streams and windows, emits events, and writes the responses of HTTP/2 itself.

    `sending` and `received` are the connection's windows; `progress` counts complete frames and
    complete header blocks.
    """

    def __init__(
        self,
        streams: Streams,
        *,
        sending: Sending,
        received: Receiving,
        budget: FrameBudget,
        out: FrameWriter,
        emit: Callable[[Event], None],
    ) -> None:
        self.headers = HeaderReader()
        self.is_greeted = False
        self.progress = 0
        self._streams = streams
        self._sending = sending
        self._received = received
        self._budget = budget
        self._out = out
        self._emit = emit

    def handle(self, frame: Frame) -> None:
        """Handle a frame; raises StreamFault, ProtocolError."""
        if not self.is_greeted and frame.kind != frames.SETTINGS:
            raise ProtocolError("the first frame must be SETTINGS")
        frame_validation.check(frame)
        self._budget.count(frame)
        if self.headers.is_waiting or frame.kind in (frames.HEADERS, frames.CONTINUATION):
            self._take_headers(frame)
        elif frame.stream:
            self._take_of_stream(frame)
        else:
            self._take_of_connection(frame)
        self.progress += not self.headers.is_waiting

    def _take_headers(self, frame: Frame) -> None:
        whole = self.headers.add(frame)
        if whole is not None:
            first, block = whole
            is_end = bool(first.flags & frames.END_STREAM)
            self._streams.headers(first.stream, block, is_end=is_end)

    def _take_of_stream(self, frame: Frame) -> None:
        match frame.kind:  # priorities are advice; other kinds are extensions (section 5.5)
            case frames.DATA:
                self._data(frame)
            case frames.RST_STREAM:
                self._reset(frame)
            case frames.WINDOW_UPDATE:
                self._window_update(frame)

    def _take_of_connection(self, frame: Frame) -> None:
        match frame.kind:  # a client that sends GOAWAY waits for its responses
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
        stream = self._streams.known(stream_id)
        if stream is None or stream.is_ended:
            self._out.announce(0, self._received.give_back(size))
            if self._streams.is_late(stream_id):
                return
            raise StreamFault(stream_id, ErrorCodes.STREAM_CLOSED)
        stream.received.take(size)
        data = frames.unpadded(flags, payload)
        self._streams.data(stream, data, size, is_end=bool(flags & frames.END_STREAM))

    def _reset(self, frame: Frame) -> None:
        self._streams.known(frame.stream)
        (code,) = NUMBER.unpack(frame.payload)
        self._streams.drop(frame.stream, code, is_theirs=True)

    def _settings(self, frame: Frame) -> None:
        self.is_greeted = True
        if frame.flags & frames.ACK:
            if frame.payload:
                raise FrameTooLargeError("SETTINGS with ACK must be empty")
            return
        # Of a repeated one the last value counts.
        last = dict(frame_validation.settings(frame.payload))
        if (window := last.get(SettingCodes.INITIAL_WINDOW_SIZE)) is not None:
            self._streams.resize(window)
            self._emit(WindowUpdated(stream_id=0))  # of all streams
        self._out.send(frames.SETTINGS, frames.ACK, 0)

    def _ping(self, frame: Frame) -> None:
        if frame.flags & frames.ACK:
            self._emit(PingAckReceived(ping_data=frame.payload))
        else:
            self._out.send(frames.PING, frames.ACK, 0, frame.payload)

    def _window_update(self, frame: Frame) -> None:
        increment = NUMBER.unpack(frame.payload)[0] & frame_validation.LARGEST_WINDOW
        if not increment:
            raise ProtocolError("window increment of 0")
        if not frame.stream:
            self._sending.grow(increment)
        elif (stream := self._streams.known(frame.stream)) is not None:
            try:
                stream.sending.grow(increment)
            except FlowControlError as error:
                raise StreamFault(stream.id, error.error_code) from error
        self._emit(WindowUpdated(stream_id=frame.stream, delta=increment))
