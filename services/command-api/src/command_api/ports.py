"""What command-api needs from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.problems import FieldError, Kind, Problem
from command_api.user import UserEvent


class StreamConflict(Problem):
    """Somebody else wrote to this user first."""

    kind = Kind.CONFLICT


class KeyTaken(Exception):
    """The idempotency key has its first answer already."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal that repeating does not change. Its texts hold no names."""

    kind: Kind
    detail: str
    errors: tuple[FieldError, ...] = ()


Answer = UserEvent | Refusal
"""What a command is answered with."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is kept of a request.

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
        (it was erased meanwhile), KeyTaken when the idempotency key has an answer: for a first
        event only when that answer is an event that was appended with it.
        """

    async def erase(self, event: UserEvent, request: Request) -> None:
        """Store the user's last event and remove all earlier ones, both or neither.

        The idempotency keys that they answer are forgotten with them. Raises as append does.
        """

    async def keep(self, answer: Answer, request: Request) -> None:
        """Record the first answer to request.idempotency_key where it appends no event.

        An event: one that is stored already. Raises KeyTaken when the key has an answer,
        StreamConflict when the event was erased meanwhile. Of calls of keep, append (beyond the
        first event) and erase with one key at the same time one is done, by whatever process.
        """

    async def by_key(self, idempotency_key: str) -> Sequence[tuple[Answer, str]]:
        """The answers to this idempotency key, each with its request hash; none: it is new.

        There are two only when two different requests, one of them a create, came with one key at
        the same moment.
        """

    async def prune(self, age: float, limit: int) -> int:
        """Forget at most limit of what keep recorded at least age seconds ago; return how many."""

    async def history(self, user_id: str, after: int, limit: int) -> list[UserEvent]:
        """At most limit events of a user with versions above after, oldest first."""
