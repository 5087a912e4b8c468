"""What the write side needs from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.problems import FieldError, Kind, Problem
from eventstore.aggregate import E


class StreamConflict(Problem):
    """Another request wrote to this aggregate first."""

    kind = Kind.CONFLICT


class KeyTaken(Exception):
    """The idempotency key has its first result already."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal that repeating does not change. Its texts hold nothing of the aggregate's state."""

    kind: Kind
    detail: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What is stored of the request that a command came with.

    idempotency_key: up to 128 visible ASCII characters; request_hash: SHA-256, 64 hex digits; both
    or neither. traceparent: W3C Trace Context, 55 characters.
    """

    idempotency_key: str | None = None
    request_hash: str | None = None
    traceparent: str | None = None


class EventStore(Protocol[E]):
    """Each aggregate's events, versions 1, 2, 3 … without a gap.

    Every method raises Unavailable when the store does not answer in time; the outcome of an append
    is unknown then, and the same call with the same idempotency key may follow.
    """

    async def newest(self, aggregate_id: str) -> E | None:
        """The newest event of an aggregate; None for an unknown id."""

    async def append(self, event: E, context: CommandContext) -> None:
        """Store one event.

        Raises StreamConflict when the aggregate has this version already or has not the one before
        it (it was erased meanwhile), KeyTaken when the idempotency key has a result: for a first
        event only when that result is an event that was appended with it.
        """

    async def erase(self, event: E, context: CommandContext) -> None:
        """Store an aggregate's last event and remove all earlier ones, both or neither.

        The idempotency keys whose results they are are forgotten with them. Raises as append does.
        """

    async def keep(self, result: E | Refusal, context: CommandContext) -> None:
        """Record the first result for the idempotency key where it appends no event.

        An event: one that is stored already. Raises KeyTaken when the key has a result,
        StreamConflict when the event was erased meanwhile. Of calls of keep, append (beyond the
        first event) and erase with one key at the same time one is done, by whatever process.
        """

    async def results(self, idempotency_key: str) -> Sequence[tuple[E | Refusal, str]]:
        """The results for this idempotency key, each with its request hash; none: it is new.

        There are two only when two different requests, one of them a create, came with one key at
        the same moment.
        """

    async def prune(self, age: float, limit: int) -> int:
        """Forget at most limit of what keep recorded at least age seconds ago; return how many."""

    async def history(self, aggregate_id: str, after: int, limit: int) -> list[E]:
        """At most limit events of an aggregate with versions above after, oldest first."""
