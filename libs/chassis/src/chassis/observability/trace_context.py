"""The trace of the running request (W3C Trace Context), without OpenTelemetry and without spans."""

import random
import re
from contextvars import ContextVar, Token
from typing import Protocol, Self

# https://www.w3.org/TR/trace-context/#traceparent-header: version, trace id, span id, flags.
TRACEPARENT = re.compile(
    r"[ \t]*([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:(-.*)|[ \t]*)"
)
INVALID_VERSION = "ff"
LONGEST = 512  # characters, as in OpenTelemetry: a later version may append to a header


class Trace(Protocol):
    """A trace that a request belongs to."""

    @property
    def traceparent(self) -> str:
        """Return the W3C traceparent to propagate (55 characters)."""


current: ContextVar[Trace | None] = ContextVar("current_trace", default=None)


class Unrecorded:
    """A trace without spans, current while the block runs: the caller's, or one of its own.

    Its ids are generated when they are first needed: most requests need none.
    """

    __slots__ = ("_callers", "_token", "_traceparent")

    def __init__(self, callers: str | None = None) -> None:
        """callers: the header traceparent as received; a malformed one is ignored."""
        self._callers = callers
        self._traceparent = ""

    @property
    def traceparent(self) -> str:
        if not self._traceparent:
            self._traceparent = parse(self._callers) or _generated()
        return self._traceparent

    def __enter__(self) -> Self:
        self._token: Token[Trace | None] = current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        current.reset(self._token)

    def answered(self, status: str) -> None:
        """Ignore the status: there is no span."""


def parse(header: str | None) -> str | None:
    """Return a traceparent of version 00 that continues the header's trace; None if malformed."""
    match = TRACEPARENT.fullmatch(header) if header and len(header) <= LONGEST else None
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == INVALID_VERSION or (version == "00" and more):
        return None
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return f"00-{trace_id}-{span_id}-{flags}"


def trace_id() -> str | None:
    """Return the current request's trace id: 32 hex digits, or None outside a request."""
    found = traceparent()
    return None if found is None else found[3:35]


def traceparent() -> str | None:
    """Return the current trace as a W3C traceparent, or None outside a request."""
    found = current.get()
    return None if found is None else found.traceparent


def _generated() -> str:
    """Return a traceparent with new ids, not sampled."""
    ids = random.getrandbits(128), random.getrandbits(64)
    return f"00-{ids[0]:032x}-{ids[1]:016x}-00"
