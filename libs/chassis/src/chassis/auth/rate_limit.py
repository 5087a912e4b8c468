"""Rate limit for each caller and process: a leaky bucket as a single number (GCRA).

https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm; the headers are those of
draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from chassis.problems import TooManyRequests

WINDOW = 60.0  # seconds in which the whole allowance is restored; also the burst
REMEMBERED = 10_000  # callers, about 2 MB; the least recently seen one is forgotten first


class RateLimit:
    """Allows each caller a number of requests per minute, in a burst or spread."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        """Caller → when its whole allowance is restored."""

    def take(self, caller: str) -> Mapping[str, str]:
        """Take one request from a caller's allowance; return the rate-limit headers.

        Raises TooManyRequests, and then takes nothing.
        """
        now = self._clock()
        full_at = max(self._full_at.get(caller, now), now) + WINDOW / self._a_minute
        wait = full_at - now - WINDOW
        if wait > 1e-9:  # noqa: PLR2004 - sums of floats: a nanosecond is none
            detail = f"{self._a_minute} requests per minute are allowed"
            headers = self._headers(full_at - now - WINDOW / self._a_minute)
            raise TooManyRequests(detail, math.ceil(wait), headers)
        self._full_at[caller] = full_at
        self._full_at.move_to_end(caller)
        if len(self._full_at) > REMEMBERED:
            self._full_at.popitem(last=False)
        return self._headers(full_at - now)

    def _headers(self, until_full: float) -> Mapping[str, str]:
        left = math.floor((1 - until_full / WINDOW) * self._a_minute + 1e-6)
        return {
            "RateLimit-Policy": f'"minute";q={self._a_minute};w={WINDOW:.0f}',
            "RateLimit": f'"minute";r={left};t={math.ceil(until_full)}',
        }
