"""The frames of HTTP/2, as a server reads and writes them: RFC 9113, sections 3.4, 4 and 6."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from h2.exceptions import FrameTooLargeError, ProtocolError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_PAYLOAD = 16_384  # bytes of one frame; every peer takes as many (SETTINGS_MAX_FRAME_SIZE)
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
    """A frame as it goes out."""
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


class FrameReader:
    """Cuts what a client sends into frames, however it arrives; keeps what was not read yet."""

    def __init__(self) -> None:
        self.kept = bytearray()  # that was not read
        self._is_begun = False

    @property
    def has_rest(self) -> bool:
        """Whether a frame, or a part of one or of the preface, has arrived and is not read."""
        return bool(self.kept)

    def read(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete now; raises ProtocolError, FrameTooLargeError.

        A reader that stops in between finds the others with the next call.
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
                    raise FrameTooLargeError(f"a frame may have {MAX_PAYLOAD} bytes")
                if end - at - _HEAD_SIZE < size:
                    break
                at += _HEAD_SIZE + size
                yield Frame(kind, flags, stream & 0x7FFFFFFF, bytes(kept[at - size : at]))
        finally:
            del kept[:at]

    def _begin(self) -> bool:
        """Whether the preface is there and gone; raises ProtocolError when it is another."""
        if not PREFACE.startswith(self.kept[: len(PREFACE)]):
            raise ProtocolError("this is not HTTP/2")
        self._is_begun = len(self.kept) >= len(PREFACE)
        if self._is_begun:
            del self.kept[: len(PREFACE)]
        return self._is_begun


def unpadded(flags: int, payload: bytes) -> bytes:
    """The payload without its padding; raises ProtocolError when that is longer than the frame."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ProtocolError("more padding than frame")
    return payload[1 : len(payload) - payload[0]]
