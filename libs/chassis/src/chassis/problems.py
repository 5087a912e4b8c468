"""All errors that clients receive, in one table for HTTP and gRPC.

Sources: RFC 9457 (problem details), RFC 9110 (HTTP status codes),
https://grpc.io/docs/guides/status-codes/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """The kinds of problem that a client may receive; the value is the name on the wire."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    NO_SUCH_ROUTE = "no-such-route"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    TOO_SLOW = "too-slow"
    CONFLICT = "conflict"
    STALE_VERSION = "stale-version"
    TOO_LARGE = "too-large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused"
    TOO_MANY_REQUESTS = "too-many-requests"
    NOT_YET_VISIBLE = "not-yet-visible"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Status:
    """How one kind of problem is returned: HTTP status, gRPC status name, title."""

    http: int
    grpc: str
    title: str


STATUS_BY_KIND = {
    Kind.INVALID: Status(400, "INVALID_ARGUMENT", "The request is not valid"),
    Kind.UNAUTHENTICATED: Status(401, "UNAUTHENTICATED", "A valid token is required"),
    Kind.FORBIDDEN: Status(403, "PERMISSION_DENIED", "The token lacks the required scope"),
    Kind.NOT_FOUND: Status(404, "NOT_FOUND", "Resource not found"),
    Kind.NO_SUCH_ROUTE: Status(404, "UNIMPLEMENTED", "No such route"),
    Kind.METHOD_NOT_ALLOWED: Status(405, "UNIMPLEMENTED", "Method not allowed"),
    Kind.TOO_SLOW: Status(408, "DEADLINE_EXCEEDED", "The request timed out"),
    Kind.CONFLICT: Status(409, "ABORTED", "Conflict with a concurrent change"),
    Kind.STALE_VERSION: Status(412, "FAILED_PRECONDITION", "The resource has a different version"),
    Kind.TOO_LARGE: Status(413, "RESOURCE_EXHAUSTED", "The request is too large"),
    Kind.UNSUPPORTED_MEDIA_TYPE: Status(415, "INVALID_ARGUMENT", "The body must be JSON"),
    Kind.IDEMPOTENCY_KEY_REUSED: Status(
        422, "INVALID_ARGUMENT", "The idempotency key was used for a different request"
    ),
    Kind.TOO_MANY_REQUESTS: Status(429, "RESOURCE_EXHAUSTED", "Too many requests"),
    Kind.NOT_YET_VISIBLE: Status(503, "UNAVAILABLE", "The view has not caught up yet"),
    Kind.UNAVAILABLE: Status(503, "UNAVAILABLE", "A dependency is unavailable; try again"),
    Kind.INTERNAL: Status(500, "INTERNAL", "Internal error"),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """An invalid field of the request, and the reason."""

    field: str
    detail: str


class Problem(Exception):
    """An error that the client receives; each transport has its own representation."""

    kind: ClassVar[Kind] = Kind.INTERNAL
    retry_after: int | None = None
    """Seconds to wait before a retry; None: a retry does not help."""

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)

    @property
    def status(self) -> Status:
        return STATUS_BY_KIND[self.kind]

    @property
    def public_detail(self) -> str:
        """Return the part of the detail that clients may see."""
        return self.detail

    @property
    def headers(self) -> dict[str, str]:
        """Return additional HTTP headers; over gRPC trailing metadata, in lower case."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class Invalid(Problem):
    """The request is malformed or violates a rule."""

    kind = Kind.INVALID


class Unauthenticated(Problem):
    """The token is missing or invalid; see RFC 6750 §3 for the challenge."""

    kind = Kind.UNAUTHENTICATED
    challenge = 'Bearer realm="api", error="invalid_token"'

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self.challenge}


class NoToken(Unauthenticated):
    """The request has no bearer token: then the challenge has no error code (RFC 6750 §3.1)."""

    challenge = 'Bearer realm="api"'


class Forbidden(Problem):
    """The caller is authenticated but not authorized."""

    kind = Kind.FORBIDDEN

    def __init__(self, detail: str, scope: str | None) -> None:
        super().__init__(detail)
        self._scope = scope

    @property
    def headers(self) -> dict[str, str]:
        needed = f', scope="{self._scope}"' if self._scope else ""
        return {"WWW-Authenticate": f'Bearer realm="api", error="insufficient_scope"{needed}'}


class TooManyRequests(Problem):
    """The caller has used up its rate limit; `allowance` holds the rate-limit headers."""

    kind = Kind.TOO_MANY_REQUESTS

    def __init__(self, detail: str, retry_after: int, allowance: Mapping[str, str]) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self._allowance = allowance

    @property
    def headers(self) -> dict[str, str]:
        return super().headers | dict(self._allowance)


class NotFound(Problem):
    """The requested resource does not exist, or was deleted."""

    kind = Kind.NOT_FOUND


class NoSuchRoute(Problem):
    """No route or gRPC method matches."""

    kind = Kind.NO_SUCH_ROUTE


class MethodNotAllowed(Problem):
    """The route does not support this method."""

    kind = Kind.METHOD_NOT_ALLOWED


class TooSlow(Problem):
    """A request, body or message did not arrive in time, or a deadline has passed."""

    kind = Kind.TOO_SLOW


class TooLarge(Problem):
    """A body or message exceeds its size limit."""

    kind = Kind.TOO_LARGE


class UnsupportedMediaType(Problem):
    """The route does not accept this content type or coding."""

    kind = Kind.UNSUPPORTED_MEDIA_TYPE


class Unavailable(Problem):
    """A dependency (store, log, registry) did not respond in time; a retry may succeed."""

    kind = Kind.UNAVAILABLE
    retry_after = 1

    @property
    def public_detail(self) -> str:
        """Return the text before a colon; the reason after it is for /readyz and logs."""
        return self.detail.partition(":")[0]


class Internal(Problem):
    """A bug in the service; its text reveals no internals."""

    kind = Kind.INTERNAL
