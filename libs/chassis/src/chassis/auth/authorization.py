"""Who may do what, the same at both doors: a scope beside each route, and one gate before all.

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
    """Mark a route's handler: it tells everybody the same, and nothing of anybody."""
    return requires_scope(OPEN)(handler)


def scope_of(handler: object) -> str | None:
    """The scope that a handler requires_scope; OPEN: none; None: nobody has said, so nobody may."""
    scope = getattr(handler, "scope", None)
    return scope if isinstance(scope, str) else None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token speaks for, and what its bearer may do."""

    subject: str
    scopes: frozenset[str]


Authenticate = Callable[[str | None], Awaitable[Caller]]
"""The caller of an Authorization header; raises Unauthenticated, or Unavailable without keys."""


class Authorizer:
    """What every request passes; without arguments it lets all of them through."""

    def __init__(
        self, authenticate: Authenticate | None = None, limit: RateLimit | None = None
    ) -> None:
        self._authenticate = authenticate
        self._limit = limit

    @property
    def is_open(self) -> bool:
        """Whether callers may be anybody."""
        return self._authenticate is None

    async def admit(
        self, scope: str | None, authorization: str | None, address: str
    ) -> Mapping[str, str]:
        """Let a caller in; what is left of its allowance, as headers.

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


ANYBODY = Authorizer()
