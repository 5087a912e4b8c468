"""Ports of the write side: the event store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.problems import FieldError, Kind, Problem
from eventstore.aggregate import E


class StreamConflict(Problem):
    """Another request wrote to this aggregate first."""

    kind = Kind.CONFLICT


class KeyTaken(Exception):
    """The idempotency key already has a result."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal that a retry does not change. Its texts contain none of the aggregate's state."""

    kind: Kind
    detail: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The stored context of a command's request.

    idempotency_key: up to 128 visible ASCII characters; request_hash: SHA-256, 64 hex digits; both
    or neither. traceparent: W3C Trace Context, 55 characters.
    """

    idempotency_key: str | None = None
    request_hash: str | None = None
    traceparent: str | None = None


class EventStore(Protocol[E]):
    """Each aggregate's events, versions 1, 2, 3 … without a gap.

    Every method raises Unavailable when the store does not respond in time. The outcome of an
    append is then unknown; retry it with the same idempotency key.
    """

    async def newest(self, aggregate_id: str) -> E | None:
        """Return the newest event of an aggregate; None for an unknown id."""

    async def append(self, event: E, context: CommandContext) -> None:
        """Store one event.

        Raises StreamConflict when the aggregate already has this version or lacks the previous one
        (erased meanwhile), and KeyTaken when the idempotency key has a result. For a first event
        only a result that is an appended event counts.
        """

    async def erase(self, event: E, context: CommandContext) -> None:
        """Store an aggregate's last event and remove all earlier ones, atomically.

        The idempotency keys of the removed events are removed, too. Raises as append does.
        """

    async def keep(self, result: E | Refusal, context: CommandContext) -> None:
        """Store the first result of an idempotency key that appends no event.

        An event must already be stored. Raises KeyTaken when the key has a result, StreamConflict
        when the event was erased meanwhile. Of concurrent calls of keep, append (after the first
        event) and erase with one key only one succeeds, across all processes.
        """

    async def results(self, idempotency_key: str) -> Sequence[tuple[E | Refusal, str]]:
        """Return the results of this idempotency key, each with its request hash; empty: new.

        There are two only when two different requests, one of them a create, were sent with one key
        concurrently.
        """

    async def prune(self, age: float, limit: int) -> int:
        """Delete at most limit results stored by keep at least age seconds ago; return how many."""

    async def history(self, aggregate_id: str, after: int, limit: int) -> list[E]:
        """Return at most limit events of an aggregate with versions above after, oldest first."""
