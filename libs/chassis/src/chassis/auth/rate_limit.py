"""How much one caller may ask of one process: a leaky bucket as a single number (GCRA).

https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm; the headers are those of
draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from chassis.problems import TooManyRequests

WINDOW = 60.0  # seconds in which the whole allowance comes back; also the burst
REMEMBERED = 10_000  # callers, about 2 MB; whoever was seen longest ago is forgotten first


class RateLimit:
    """Allows each caller so many requests a minute, all at once or spread."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        """Caller → when its whole allowance will be back."""

    def take(self, caller: str) -> Mapping[str, str]:
        """Take one request from a caller's allowance; what is left, as headers.

        Raises TooManyRequests, which takes nothing.
        """
        now = self._clock()
        full_at = max(self._full_at.get(caller, now), now) + WINDOW / self._a_minute
        wait = full_at - now - WINDOW
        if wait > 1e-9:  # noqa: PLR2004 - sums of floats: a nanosecond is none
            detail = f"{self._a_minute} requests per minute are allowed"
            told = self._told(full_at - now - WINDOW / self._a_minute)
            raise TooManyRequests(detail, math.ceil(wait), told)
        self._full_at[caller] = full_at
        self._full_at.move_to_end(caller)
        if len(self._full_at) > REMEMBERED:
            self._full_at.popitem(last=False)
        return self._told(full_at - now)

    def _told(self, until_full: float) -> Mapping[str, str]:
        left = math.floor((1 - until_full / WINDOW) * self._a_minute + 1e-6)
        return {
            "RateLimit-Policy": f'"minute";q={self._a_minute};w={WINDOW:.0f}',
            "RateLimit": f'"minute";r={left};t={math.ceil(until_full)}',
        }
