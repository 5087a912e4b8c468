"""Rate limit for log lines: a burst of equal events becomes one line with a count."""

import time
from collections.abc import Callable


class LogLimit:
    """Passes one event per key in `every` seconds; keys must be few and fixed."""

    def __init__(self, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._logged_at: dict[str, float] = {}
        self._suppressed: dict[str, int] = {}

    def take(self, key: str) -> int | None:
        """Return the number suppressed since the last one passed; None: suppress this one."""
        now = self._clock()
        if now - self._logged_at.get(key, float("-inf")) < self._every:
            self._suppressed[key] = self._suppressed.get(key, 0) + 1
            return None
        self._logged_at[key] = now
        return self._suppressed.pop(key, 0)
