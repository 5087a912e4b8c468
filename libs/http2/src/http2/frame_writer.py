"""Output buffer of an HTTP/2 connection."""

from http2 import frames
from http2.frames import NUMBER

WRITE = 65_536  # bytes


class FrameWriter:
    """Buffers frames until they are sent; its length is in bytes."""

    def __init__(self) -> None:
        self._out = bytearray()

    def __len__(self) -> int:
        return len(self._out)

    @property
    def is_full(self) -> bool:
        """Whether the pending output exceeds the size of one write."""
        return len(self._out) > WRITE

    def send(self, kind: int, flags: int, stream_id: int, payload: bytes = b"") -> None:
        """Append a frame."""
        self._out += frames.written(kind, flags, stream_id, payload)

    def announce(self, stream_id: int, increment: int) -> None:
        """Append a WINDOW_UPDATE of so many bytes; stream 0 is the connection."""
        if increment:
            self.send(frames.WINDOW_UPDATE, 0, stream_id, NUMBER.pack(increment))

    def take(self) -> bytes:
        """Return the pending output, and clear it."""
        data = bytes(self._out)
        self._out.clear()
        return data
