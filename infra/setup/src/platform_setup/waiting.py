"""Repeat a job until its server is available."""

import sys
import time
from collections.abc import Callable

from platform_setup import ServerUnavailable

TIMEOUT = 60.0  # seconds by default, as in `command-api migrate`
PAUSE = 2.0  # seconds between two attempts: the longest delay after the server has become available


def until_available(job: Callable[[], None], within: float) -> None:
    """Run a job; repeat it while its server is unavailable, for up to `within` seconds.

    Each new reason is reported on standard error. Raises SetupError.
    """
    end = time.monotonic() + within
    reason = None
    while True:
        try:
            return job()
        except ServerUnavailable as error:
            if time.monotonic() + PAUSE > end:
                raise
            if str(error) != reason:
                reason = str(error)
                print(f"waiting: {reason}", file=sys.stderr, flush=True)
        time.sleep(PAUSE)
