"""Authorization, the same over HTTP and gRPC: a scope beside each route, one authorizer for all.

A route says `@requires_scope("…")` or `@public`. One that says neither is refused as soon as
callers must send a token.
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
    """Mark a route's handler, or a gRPC method: its caller's token must have this scope."""

    def mark(handler: F) -> F:
        vars(handler)["scope"] = scope
        return handler

    return mark


def public(handler: F) -> F:
    """Mark a route's handler: every client may call it, and its response holds no user's data."""
    return requires_scope(OPEN)(handler)


def scope_of(handler: object) -> str | None:
    """The scope that a handler requires; OPEN: none; None: unmarked, so every caller is refused."""
    scope = getattr(handler, "scope", None)
    return scope if isinstance(scope, str) else None


@dataclass(frozen=True, slots=True)
class Caller:
    """The subject and the scopes of a valid token."""

    subject: str
    scopes: frozenset[str]


Authenticate = Callable[[str | None], Awaitable[Caller]]
"""The caller of an Authorization header; raises Unauthenticated, or Unavailable without keys."""


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
        """Admit a caller; return what is left of its rate limit, as headers.

        Counts a caller by its token's subject, and by its address if it has no valid token: so
        current_caller names it from here on. Raises Unauthenticated, Forbidden, TooManyRequests,
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

    def _count(self, who: str) -> Mapping[str, str]:
        return self._limit.take(who) if self._limit else {}


ALLOW_ALL = Authorizer()
