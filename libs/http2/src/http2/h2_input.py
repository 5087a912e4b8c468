"""Input filter for h2, which has no hook for frames and does not count them."""

from collections.abc import Iterator

from h2.exceptions import DenialOfServiceError, ProtocolError
from h2.settings import SettingCodes

from http2 import frame_validation, frames
from http2.budget import FrameBudget, work_of
from http2.connection import REQUEST
from http2.frames import SETTING, Frame, FrameReader
from http2.headers import CONTINUATIONS

KNOWN = frozenset(SettingCodes)


class H2Input:
    """Passes frames in the order of RFC 9113 within the budget; `work` counts them."""

    def __init__(self, budget: FrameBudget) -> None:
        self._budget = budget
        self._cut = FrameReader()
        self._is_greeted = self._is_in_block = False
        self._continuations = 0
        self._block = 0  # bytes of an unfinished header block
        self.work = 0
        self.progress = 0

    def read(self, data: bytes) -> Iterator[bytes]:
        """Yield each frame for h2, or empty bytes for a dropped one; raises ProtocolError."""
        for frame in self._cut.read(data):
            self.work += REQUEST if frame.kind == frames.HEADERS else work_of(frame)
            self._budget.count(frame)
            was_in_block = self._is_in_block
            self._check_order(frame)
            self.progress += not self._is_in_block
            yield _for_h2(frame) if was_in_block or _is_for_h2(frame) else b""

    @property
    def held(self) -> int:
        """Bytes of unread input."""
        return len(self._cut.kept) + self._block

    @property
    def has_rest(self) -> bool:
        """As FrameReader.has_rest."""
        return self._cut.has_rest

    @property
    def is_between(self) -> bool:
        """As Http2Connection.is_between."""
        return self._is_greeted and not (self._is_in_block or self.has_rest)

    def _check_order(self, frame: Frame) -> None:
        if not self._is_greeted and frame.kind != frames.SETTINGS:
            raise ProtocolError("the first frame must be SETTINGS")
        self._is_greeted = True
        self._continuations += frame.kind == frames.CONTINUATION
        if self._continuations > CONTINUATIONS:
            raise DenialOfServiceError(f"a header block may have {CONTINUATIONS} continuations")
        if frame.kind in (frames.HEADERS, frames.CONTINUATION):
            self._is_in_block = not frame.flags & frames.END_HEADERS
            self._block = (self._block + len(frame.payload)) * self._is_in_block
            self._continuations *= self._is_in_block


def _is_for_h2(frame: Frame) -> bool:
    """Exclude extensions, and GOAWAY, after which h2 sends no response (RFC 9113, section 6.8)."""
    is_goaway = frame.kind == frames.GOAWAY and not frame.stream
    return frame.kind <= frames.CONTINUATION and not is_goaway


def _for_h2(frame: Frame) -> bytes:
    """Return the frame without unknown settings: h2 would keep up to 65,536 per connection."""
    if frame.kind == frames.SETTINGS and not frame.flags & frames.ACK:
        last = dict(frame_validation.settings(frame.payload))
        known = [SETTING.pack(code, last[code]) for code in last if code in KNOWN]
        frame = frame._replace(payload=b"".join(known))
    return frames.written(*frame)
