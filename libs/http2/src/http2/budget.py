"""How many frames a client may send that neither begin, continue nor end a request.

RFC 9113 §10.5 leaves the bound to the server. Without one a client floods it with PINGs, SETTINGS,
priorities, window updates, empty or tiny DATA (CVE-2019-9511 to 9518), cancels what it has just
asked for (CVE-2023-44487), or provokes resets (CVE-2025-8671).
"""

import time
from collections.abc import Callable

from h2.exceptions import DenialOfServiceError

from http2 import frames
from http2.frames import SETTING, Frame

BURST = 1_000  # frames
PER_SECOND = 100.0  # frames; a client that checks its connection sends one PING in ten seconds
TINY = 256  # bytes of DATA below which a frame hardly continues a request
SETTINGS = 32  # of one frame that take as long as another frame (CVE-2020-11080)
FOR_RESPONSE = 10  # frames that a complete response permits: window updates, a cancellation
FOR_DATA = 2  # frames that each DATA frame sent permits: two windows are updated


class FrameBudget:
    """A token bucket, which responses fill, too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._filled_at = clock()

    def count(self, frame: Frame) -> None:
        """A frame has arrived; raises as spend() does."""
        if frame.kind == frames.DATA:
            is_useful = len(frame.payload) >= TINY or frame.flags & frames.END_STREAM
        else:
            is_useful = frame.kind in {frames.HEADERS, frames.CONTINUATION}
        if not is_useful:
            self.spend(work_of(frame))

    def spend(self, frames: int = 1) -> None:
        """Raises DenialOfServiceError, which ends the connection with ENHANCE_YOUR_CALM."""
        if self._left < frames:
            self._fill(frames)
        self._left -= frames

    def earn(self, frames: int) -> None:
        """The client may send so many more."""
        self._left = min(self._left + frames, BURST)

    def _fill(self, needed: int) -> None:
        now = self._clock()
        self._left += (now - self._filled_at) * PER_SECOND
        self._filled_at = now
        if self._left < needed:
            raise DenialOfServiceError("too many frames that ask for nothing")
        self._left = min(self._left, BURST)


def work_of(frame: Frame) -> int:
    """Frames that take as long as this one, which begins no request."""
    is_long = frame.kind == frames.SETTINGS
    return 1 + len(frame.payload) // (SETTINGS * SETTING.size) if is_long else 1
