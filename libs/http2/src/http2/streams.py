"""Streams of an HTTP/2 connection: RFC 9113, sections 5.1, 5.2, 6.9 and 8.1."""

from collections.abc import Callable
from typing import Any, cast

from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import FlowControlError, ProtocolError, StreamClosedError

from http2.frame_validation import LARGEST_WINDOW
from http2.headers import Block

STREAMS = 100  # concurrent streams
DEFAULT_WINDOW = 65_535  # bytes, until settings change it


class StreamFault(Exception):
    """An error of one stream; the connection stays open."""

    def __init__(self, stream_id: int, code: ErrorCodes) -> None:
        self.stream_id, self.code = stream_id, code


class Sending:
    """The flow-control window for sending; the client's settings may make it negative."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = size

    def grow(self, by: int) -> None:
        """Enlarge the window; raises FlowControlError above LARGEST_WINDOW."""
        self.left += by
        if self.left > LARGEST_WINDOW:
            raise FlowControlError("flow-control window exceeds its limit")


class Receiving:
    """The flow-control window for receiving, restored once half of it was read.

    unread: bytes that have arrived and were not read.
    """

    __slots__ = ("_free", "_left", "_size", "unread")

    def __init__(self, size: int) -> None:
        self._size = self._left = size
        self._free = 0
        self.unread = 0

    def take(self, size: int) -> None:
        """Count received bytes; raises FlowControlError if they exceed the window."""
        self._left -= size
        self.unread += size
        if self._left < 0:
            raise FlowControlError("data exceeds the flow-control window")

    def give_back(self, size: int) -> int:
        """Count read bytes; return the window increment to announce, 0 for none yet."""
        self._free += size
        self.unread -= size
        if 2 * self._free < self._size:
            return 0
        self._left += self._free
        given, self._free = self._free, 0
        return given


class Http2Stream:
    """A stream, until both sides have ended it."""

    __slots__ = ("headers", "id", "is_ended", "missing", "received", "sending")

    def __init__(self, stream_id: int, window: int, to_send: int, block: Block) -> None:
        self.id = stream_id
        self.received = Receiving(window)
        self.sending = Sending(to_send)
        self.is_ended = False  # by the client
        self.missing = block.length
        self.headers = block.size

    @property
    def open(self) -> bool:
        """Return True: closed streams are removed. grpclib asks before it sends a PING."""
        return True


class Streams(dict[int, Http2Stream]):
    """The open streams by their increasing numbers; emits an event for each change."""

    def __init__(self, window: int, emit: Callable[[Event], None]) -> None:
        self.newest = 0
        self._late: dict[int, None] = {}  # in the order in which they were reset
        self._to_send = DEFAULT_WINDOW
        self._window = window
        self._emit = emit

    def headers(self, stream_id: int, block: Block, *, is_end: bool) -> None:
        """Process a request's headers or trailers; raises StreamFault, ProtocolError."""
        stream = self.get(stream_id)
        if stream is None:
            if self.is_late(stream_id):
                return
            stream = self._opened(stream_id, block)
            self._emit(
                RequestReceived(stream_id=stream_id, headers=cast("list[Any]", block.headers))
            )
        elif stream.is_ended:
            raise StreamFault(stream_id, ErrorCodes.STREAM_CLOSED)
        elif not is_end or not block.is_trailer:
            raise StreamFault(stream_id, ErrorCodes.PROTOCOL_ERROR)
        if is_end:
            self._end(stream)

    def data(self, stream: Http2Stream, data: bytes, size: int, *, is_end: bool) -> None:
        """Process a request's content; size: with padding. Raises as headers() does."""
        if stream.missing is not None:
            stream.missing -= len(data)
        if size:
            event = DataReceived(stream_id=stream.id, data=data, flow_controlled_length=size)
            self._emit(event)
        if is_end:
            self._end(stream)

    def drop(self, stream_id: int, code: int, *, is_theirs: bool) -> None:
        """Remove a stream that one side has reset."""
        if self.pop(stream_id, None) is not None:
            self._emit(StreamReset(stream_id=stream_id, error_code=code, remote_reset=is_theirs))

    def refuse(self, stream_id: int, code: int) -> None:
        """Remove a stream after a client error."""
        self._remember_late(stream_id)
        self.drop(stream_id, code, is_theirs=False)

    def forget(self, stream_id: int) -> None:
        """Remove a stream that the server resets; emits no event."""
        self._remember_late(stream_id)
        self.pop(stream_id, None)

    def is_late(self, stream_id: int) -> bool:
        """Whether a closed stream was reset by us, so that late frames must be ignored.

        RFC 9113 §5.1: after RST_STREAM frames of the stream must be ignored.
        """
        return stream_id in self._late

    def _remember_late(self, stream_id: int) -> None:
        self._late[stream_id] = None
        if len(self._late) > STREAMS:
            del self._late[next(iter(self._late))]

    def resize(self, to_send: int) -> None:
        """Apply a new initial window size of the client to open streams, too."""
        for stream in self.values():
            stream.sending.grow(to_send - self._to_send)
        self._to_send = to_send

    def known(self, stream_id: int) -> Http2Stream | None:
        """Return an open stream, None for a closed one; raises ProtocolError for an idle one."""
        if stream_id > self.newest or not stream_id & 1:
            raise ProtocolError(f"stream {stream_id} is idle")
        return self.get(stream_id)

    def _opened(self, stream_id: int, block: Block) -> Http2Stream:
        if not stream_id & 1:
            raise ProtocolError("a client's stream must have an odd number")
        if stream_id <= self.newest:
            raise StreamClosedError(stream_id)
        self.newest = stream_id
        if len(self) == STREAMS:
            raise StreamFault(stream_id, ErrorCodes.REFUSED_STREAM)
        if block.problem:
            raise StreamFault(stream_id, ErrorCodes.PROTOCOL_ERROR)
        stream = Http2Stream(stream_id, self._window, self._to_send, block)
        self[stream_id] = stream
        return stream

    def _end(self, stream: Http2Stream) -> None:
        if stream.missing:
            raise StreamFault(stream.id, ErrorCodes.PROTOCOL_ERROR)
        stream.is_ended = True
        self._emit(StreamEnded(stream_id=stream.id))
