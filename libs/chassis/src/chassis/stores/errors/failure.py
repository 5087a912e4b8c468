"""A driver's error, classified: transient or not, with a reason that is safe to log."""

import re
from dataclasses import dataclass

MAX_REASON = 300  # characters
_QUOTED = re.compile(r"""['"`(\[{].*['"`)\]}]""", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class StoreError(Exception):
    """A permanent failure of a store call: a bug, a missing right, a wrong setting.

    The text is safe to log: it contains no client data. The APIs return 500, a projector stops.
    """


@dataclass(frozen=True, slots=True)
class Failure:
    """A classified driver error."""

    reason: str
    """For logs and readiness; contains no client data."""
    is_transient: bool
    """True: the same call may succeed later. False: code or configuration must change."""


def transient(error: Exception, text: str) -> Failure:
    """Return a transient failure; its text is about the server, never about the call's data."""
    return Failure(_reason(error, text), is_transient=True)


def permanent(error: Exception, text: str) -> Failure:
    """Return a permanent failure; its text may quote data, so quoted parts are removed."""
    return Failure(_reason(error, redacted(text)), is_transient=False)


def redacted(text: str) -> str:
    """Return the text without everything from its first to its last quote or bracket."""
    return _QUOTED.sub("…", text)


def network(error: OSError | EOFError) -> Failure:
    """Classify a network error: transient, except for errors of local files."""
    if getattr(error, "filename", None) is not None:
        return permanent(error, "a local file cannot be read")
    return transient(error, str(error) or "no response in time")


_CLOSED = ("closed", "does not expose socket")  # the second is asyncmy's, for a closed socket


def is_closed_transport(error: Exception) -> bool:
    """Whether uvloop, asyncio or a driver refused a call on a connection that was just reset."""
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CLOSED)


def _reason(error: Exception, text: str) -> str:
    line = _UNPRINTABLE.sub(" ", text).strip()
    name = type(error).__name__
    return f"{name} {line}"[:MAX_REASON] if line else name
