"""A driver's error, classified: transient or not, with a reason that is safe to log."""

import re
from dataclasses import dataclass

MAX_REASON = 300  # characters
_QUOTED = re.compile(r"""['"`(\[{].*['"`)\]}]""", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class StoreError(Exception):
    """A dependency refused a call for a reason that no retry heals: a bug, a right, a setting.

    The text is safe to log: it holds no value that a client sent. The APIs answer 500, a projector
    ends.
    """


@dataclass(frozen=True, slots=True)
class Failure:
    """What a driver's error means."""

    reason: str
    """For logs and readiness; holds no value that a client sent."""
    is_transient: bool
    """True: the same call may succeed later. False: only other code or configuration helps."""


def transient(error: Exception, text: str) -> Failure:
    """A failure whose text is about the server, never about the data of the call."""
    return Failure(_reason(error, text), is_transient=True)


def permanent(error: Exception, text: str) -> Failure:
    """A failure whose text may quote data: all from its first to its last quote is left out."""
    return Failure(_reason(error, redacted(text)), is_transient=False)


def redacted(text: str) -> str:
    """The text without anything that stands in quotes or brackets, or between two of these."""
    return _QUOTED.sub("…", text)


def network(error: OSError | EOFError) -> Failure:
    """Connection and timeout errors are transient; errors of local files are not."""
    if getattr(error, "filename", None) is not None:
        return permanent(error, "a local file cannot be read")
    return transient(error, str(error) or "no response in time")


_CLOSED = ("closed", "does not expose socket")  # the second is asyncmy's, of a socket that is gone


def is_closed_transport(error: Exception) -> bool:
    """Whether uvloop, asyncio or a driver refused a call on a connection that was just reset."""
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CLOSED)


def _reason(error: Exception, text: str) -> str:
    line = _UNPRINTABLE.sub(" ", text).strip()
    name = type(error).__name__
    return f"{name} {line}"[:MAX_REASON] if line else name
