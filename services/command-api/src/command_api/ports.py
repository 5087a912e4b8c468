"""What command-api needs from outside."""

from dataclasses import dataclass
from typing import Protocol

from chassis.problems import Kind, Problem
from command_api.user import UserEvent


class StreamConflict(Problem):
    """Somebody else wrote to this user first."""

    kind = Kind.CONFLICT


class KeyTaken(Exception):
    """Another event has this idempotency key already."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is kept of the request that caused an event.

    idempotency_key: up to 128 visible ASCII characters; request_hash: SHA-256, 64 hex digits; both
    or neither. traceparent: W3C Trace Context, 55 characters.
    """

    idempotency_key: str | None = None
    request_hash: str | None = None
    traceparent: str | None = None


class EventStore(Protocol):
    """The truth: each user's events, versions 1, 2, 3 … without a gap.

    Every method raises Unavailable when the store does not answer in time; the outcome of an append
    is unknown then, and the same call with the same idempotency key may follow.
    """

    async def newest(self, user_id: str) -> UserEvent | None:
        """The user's newest event; None for an unknown id."""

    async def append(self, event: UserEvent, request: Request) -> None:
        """Store one event.

        Raises StreamConflict when the user has this version already or has not the one before it
        (it was erased meanwhile), KeyTaken when the idempotency key belongs to another event.
        """

    async def erase(self, event: UserEvent, request: Request) -> None:
        """Store the user's last event and remove all earlier ones, both or neither.

        Raises as append does.
        """

    async def by_key(self, idempotency_key: str) -> tuple[UserEvent, str] | None:
        """The event that has this idempotency key, and its request hash."""

    async def history(self, user_id: str, after: int, limit: int) -> list[UserEvent]:
        """At most limit events of a user with versions above after, oldest first."""
