"""Budget of frames that neither start, continue nor end a request.

RFC 9113 §10.5 leaves the limit to the server. Without one a client can flood it with PINGs,
SETTINGS, priorities, window updates, empty or tiny DATA (CVE-2019-9511 to 9518), cancel requests at
once (CVE-2023-44487), or provoke resets (CVE-2025-8671).
"""

import time
from collections.abc import Callable

from h2.exceptions import DenialOfServiceError

from http2 import frames
from http2.frames import SETTING, Frame

BURST = 1_000  # frames
PER_SECOND = 100.0  # frames; a client that checks its connection sends one PING in ten seconds
TINY = 256  # bytes of DATA below which a frame hardly continues a request
SETTINGS = 32  # settings of one frame that cost as much as another frame (CVE-2020-11080)
FOR_RESPONSE = 10  # frames earned by a complete response: window updates, a cancellation
FOR_DATA = 2  # frames earned by each DATA frame sent: updates of two windows


class FrameBudget:
    """A token bucket that responses refill, too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._filled_at = clock()

    def count(self, frame: Frame) -> None:
        """Count a received frame; raises as spend() does."""
        if frame.kind == frames.DATA:
            is_useful = len(frame.payload) >= TINY or frame.flags & frames.END_STREAM
        else:
            is_useful = frame.kind in {frames.HEADERS, frames.CONTINUATION}
        if not is_useful:
            self.spend(work_of(frame))

    def spend(self, frames: int = 1) -> None:
        """Raise DenialOfServiceError if none are left: it closes with ENHANCE_YOUR_CALM."""
        if self._left < frames:
            self._fill(frames)
        self._left -= frames

    def earn(self, frames: int) -> None:
        """Let the client send so many more."""
        self._left = min(self._left + frames, BURST)

    def _fill(self, needed: int) -> None:
        now = self._clock()
        self._left += (now - self._filled_at) * PER_SECOND
        self._filled_at = now
        if self._left < needed:
            raise DenialOfServiceError("too many frames that carry no request")
        self._left = min(self._left, BURST)


def work_of(frame: Frame) -> int:
    """Return the cost of a frame that starts no request, in frames."""
    is_long = frame.kind == frames.SETTINGS
    return 1 + len(frame.payload) // (SETTINGS * SETTING.size) if is_long else 1
