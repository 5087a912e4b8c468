"""Authorization for HTTP and gRPC: a scope on each route, one authorizer for all.

A route is marked with `@requires_scope("…")` or `@public`. As soon as tokens are required, calls to
an unmarked route are rejected.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from chassis.auth.rate_limit import RateLimit
from chassis.limits.concurrency import current_caller
from chassis.problems import Forbidden, Unauthenticated

OPEN = ""
F = TypeVar("F", bound=Callable[..., Any])


def requires_scope(scope: str) -> Callable[[F], F]:
    """Mark an HTTP handler or a gRPC method: the caller's token must have this scope."""

    def mark(handler: F) -> F:
        vars(handler)["scope"] = scope
        return handler

    return mark


def public(handler: F) -> F:
    """Mark an HTTP handler: no token is needed, so its response must hold no user's data."""
    return requires_scope(OPEN)(handler)


def scope_of(handler: object) -> str | None:
    """Return the scope that a handler requires: OPEN if public, None if unmarked."""
    scope = getattr(handler, "scope", None)
    return scope if isinstance(scope, str) else None


@dataclass(frozen=True, slots=True)
class Caller:
    """The subject and the scopes of a valid token."""

    subject: str
    scopes: frozenset[str]


Authenticate = Callable[[str | None], Awaitable[Caller]]
"""Return the caller of an Authorization header; raises Unauthenticated, Unavailable (no keys)."""


class Authorizer:
    """Admits requests by token, scope and rate limit; without arguments it admits all of them."""

    def __init__(
        self, authenticate: Authenticate | None = None, limit: RateLimit | None = None
    ) -> None:
        self._authenticate = authenticate
        self._limit = limit

    @property
    def is_open(self) -> bool:
        """Whether callers are not authenticated."""
        return self._authenticate is None

    async def admit(
        self, scope: str | None, authorization: str | None, address: str
    ) -> Mapping[str, str]:
        """Admit a caller and return the rate-limit headers for the response.

        A caller is identified by its token's subject, or by its address without a valid token;
        current_caller is set to that. Raises Unauthenticated, Forbidden, TooManyRequests,
        Unavailable.
        """
        current_caller.set(address)
        if scope == OPEN:
            return {}
        if self._authenticate is None:
            return self._count(address)
        try:
            caller = await self._authenticate(authorization)
        except Unauthenticated:
            self._count(address)
            raise
        subject = f"subject {caller.subject}"
        current_caller.set(subject)
        allowance = self._count(subject)
        if scope not in caller.scopes:
            raise Forbidden(f"the token lacks the scope {scope or 'of this route'}", scope)
        return allowance

    def _count(self, caller: str) -> Mapping[str, str]:
        return self._limit.take(caller) if self._limit else {}


ALLOW_ALL = Authorizer()
