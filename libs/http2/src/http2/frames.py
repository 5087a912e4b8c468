"""The frames of HTTP/2, as a server reads and writes them: RFC 9113, sections 3.4, 4 and 6."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from h2.exceptions import FrameTooLargeError, ProtocolError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_PAYLOAD = 16_384  # bytes of one frame; every peer accepts as many (SETTINGS_MAX_FRAME_SIZE)
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = range(5)
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(5, 10)
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
HAS_PRIORITY = 0x20
NUMBER = Struct(">I")
SETTING = Struct(">HI")
_HEAD = Struct(">HBBBI")  # the length takes the first two numbers
_HEAD_SIZE = _HEAD.size


class Frame(NamedTuple):
    """One frame; stream 0 is the connection."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def written(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a serialized frame."""
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


class FrameReader:
    """Splits input into frames, however it is fragmented; keeps unread input."""

    def __init__(self) -> None:
        self.kept = bytearray()  # unread input
        self._is_begun = False

    @property
    def has_rest(self) -> bool:
        """Whether there is unread input: a frame, or a part of one or of the preface."""
        return bool(self.kept)

    def read(self, data: bytes) -> Iterator[Frame]:
        """Yield the complete frames; raises ProtocolError, FrameTooLargeError.

        If the caller stops early, the next call yields the remaining frames.
        """
        kept = self.kept
        kept += data
        if not self._is_begun and not self._begin():
            return
        at, end = 0, len(kept)
        try:
            while end - at >= _HEAD_SIZE:
                high, low, kind, flags, stream = _HEAD.unpack_from(kept, at)
                size = high << 8 | low
                if size > MAX_PAYLOAD:
                    raise FrameTooLargeError(f"a frame may be at most {MAX_PAYLOAD} bytes")
                if end - at - _HEAD_SIZE < size:
                    break
                at += _HEAD_SIZE + size
                yield Frame(kind, flags, stream & 0x7FFFFFFF, bytes(kept[at - size : at]))
        finally:
            del kept[:at]

    def _begin(self) -> bool:
        """Consume the preface; return whether it is complete; raises ProtocolError if wrong."""
        if not PREFACE.startswith(self.kept[: len(PREFACE)]):
            raise ProtocolError("invalid HTTP/2 preface")
        self._is_begun = len(self.kept) >= len(PREFACE)
        if self._is_begun:
            del self.kept[: len(PREFACE)]
        return self._is_begun


def unpadded(flags: int, payload: bytes) -> bytes:
    """Return the payload without padding; raises ProtocolError if that exceeds the frame."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ProtocolError("padding exceeds the frame")
    return payload[1 : len(payload) - payload[0]]
