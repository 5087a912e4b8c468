"""Log lines about bugs: where it happened, and nothing that a client sent.

A message such as "invalid literal for int(): 'Ada'" may quote a request, so that only messages of
errors that never hold a request's values are logged; of all others the class and the frames are.
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
    """Log an error that a request ended with, so that its trace id finds it.

    Requests that shared a call to a store share its error: the first of them logs it, each other
    one a line that names the first one's trace id.
    """
    first = getattr(error, _FIRST, None)
    if first is not None:
        log.info(
            "unhandled, shared with another request",
            route=route,
            error=said(error),
            first_trace=first,
        )
        return
    setattr(error, _FIRST, tracing.trace_id() or "none")
    log.error("unhandled", route=route, error=said(error), stack=stack(error))


def said(error: BaseException) -> str:
    """The class of the error, and its message if that is safe to log."""
    name = type(error).__name__
    is_safe = isinstance(error, (StoreError, Unavailable, OSError)) or _is_ours(error)
    return f"{name}: {error}" if is_safe else name


def leaves(failure: BaseException) -> Iterator[BaseException]:
    """The exceptions of a group, however deep; of anything else itself."""
    if isinstance(failure, BaseExceptionGroup):
        for one in failure.exceptions:
            yield from leaves(one)
    else:
        yield failure


def _is_ours(error: BaseException) -> bool:
    return bool(getattr(error, "is_safe_to_log", False))


def stack(error: BaseException) -> str:
    """The frames of the error and of its causes, outermost error first, without messages."""
    return "".join(line for one in _chain(error) for line in (f"{said(one)}\n", *_frames(one)))


def _frames(error: BaseException) -> list[str]:
    return traceback.format_tb(error.__traceback__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
