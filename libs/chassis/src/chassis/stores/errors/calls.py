"""Measured store calls that translate driver errors.

Transient: problems.Unavailable, and one warning per dependency in ten seconds. Permanent:
StoreError, which is logged once: by an API's server, or when a projector stops.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from chassis.observability import telemetry
from chassis.observability.log_limit import LogLimit
from chassis.problems import Unavailable
from chassis.stores.errors.failure import Failure, StoreError

WARN_EVERY = 10.0  # seconds between two warnings about the same dependency
Classify = Callable[[Exception], Failure | None]
"""Classify an error; return None if it is not one of the driver's."""

log = structlog.get_logger()
_warnings = LogLimit(WARN_EVERY)


@contextmanager
def store_call(store: str, operation: str, classify: Classify) -> Iterator[None]:
    """Measure and trace a call; raises Unavailable or StoreError for the driver's errors.

    Neither has a cause: the driver's own error may quote what a client sent, and spans and logs
    show causes.
    """
    with telemetry.store_call(store, operation), translated(store, operation, classify):
        yield


@contextmanager
def translated(dependency: str, operation: str, classify: Classify) -> Iterator[None]:
    """As store_call, without measuring."""
    try:
        yield
    except Exception as error:
        if (failure := classify(error)) is None:
            raise
        raise failed(dependency, operation, failure).with_traceback(error.__traceback__) from None


def failed(dependency: str, operation: str, failure: Failure) -> Unavailable | StoreError:
    """Return the exception for a failure; log a warning if it is transient."""
    if not failure.is_transient:
        return StoreError(f"{dependency}: {operation}: {failure.reason}")
    warn_unavailable(dependency, operation, failure.reason)
    return Unavailable(f"{dependency} is unavailable: {failure.reason}")


def warn_unavailable(dependency: str, operation: str, reason: str) -> None:
    """Log that a dependency is unavailable, at most once in WARN_EVERY seconds for each.

    reason must be safe to log. The next warning has the number of suppressed ones.
    """
    if (suppressed := _warnings.take(dependency)) is not None:
        log.warning(
            "dependency unavailable",
            store=dependency,
            operation=operation,
            reason=reason,
            suppressed=suppressed,
        )
