"""Log lines about bugs: the location, and no data that a client sent.

A message such as "invalid literal for int(): 'Ada'" may quote a request. So a message is logged
only for errors that never contain request data; for all others the class and the frames are.
"""

import traceback
from collections.abc import Iterator

import structlog

from chassis.observability import tracing
from chassis.problems import Unavailable
from chassis.stores.errors.failure import StoreError

log = structlog.get_logger()
_FIRST = "_first_trace_id"


def unhandled(error: Exception, route: str) -> None:
    """Log an error that ended a request, with its trace id.

    Requests that share a store call share its error: the first one logs it, and each of the others
    logs a line with the first one's trace id.
    """
    first = getattr(error, _FIRST, None)
    if first is not None:
        log.info(
            "unhandled, shared with another request",
            route=route,
            error=message(error),
            first_trace=first,
        )
        return
    setattr(error, _FIRST, tracing.trace_id() or "none")
    log.error("unhandled", route=route, error=message(error), stack=stack(error))


def message(error: BaseException) -> str:
    """Return the class of the error, and its message if that is safe to log."""
    name = type(error).__name__
    is_safe = isinstance(error, (StoreError, Unavailable, OSError)) or _is_ours(error)
    return f"{name}: {error}" if is_safe else name


def leaves(failure: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions of a group, at any depth; a single exception yields itself."""
    if isinstance(failure, BaseExceptionGroup):
        for one in failure.exceptions:
            yield from leaves(one)
    else:
        yield failure


def _is_ours(error: BaseException) -> bool:
    return bool(getattr(error, "is_safe_to_log", False))


def stack(error: BaseException) -> str:
    """Return the frames of the error and of its causes, outermost first, without messages."""
    return "".join(line for one in _chain(error) for line in (f"{message(one)}\n", *_frames(one)))


def _frames(error: BaseException) -> list[str]:
    return traceback.format_tb(error.__traceback__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
