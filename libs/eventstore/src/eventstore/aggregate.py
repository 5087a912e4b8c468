"""Definition of one kind of aggregate: names, event class and rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from eventstore.ids import NewId


class Event(Protocol):
    """An event, with the aggregate's whole state after it.

    A frozen dataclass whose fields are the columns of the event table, in order. Another field is
    the aggregate's id, `<name>_id`. Times are UTC.
    """

    @property
    def version(self) -> int:
        """1, 2, 3 … without a gap."""

    @property
    def event_id(self) -> str:
        """A UUIDv7."""

    @property
    def type(self) -> str:
        """Return the event's type, such as UserCreated."""


C = TypeVar("C")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[C, E]):
    """One kind of aggregate: its names and its rules.

    A command without an attribute `<name>_id` creates an aggregate. A command may have
    `expected_version`: a version, or several of which one must match, or None.
    """

    name: str
    """One word in lower case, such as `user`; used in ids, tables and error messages."""

    event: type[E]

    deletion: str
    """The type of the last event; with it all earlier ones are erased."""

    decide: Callable[[E | None, C, datetime, NewId], E]
    """Return the event for a command, given the newest event. Pure.

    It returns the newest event itself if the command changes nothing. Raises Invalid and NotFound.
    """

    def id_of(self, event: E) -> str:
        """Return the id of the aggregate that the event belongs to."""
        found: str = getattr(event, self.id_column)
        return found

    def target(self, command: C) -> str | None:
        """Return the id of the aggregate that the command changes; None: it creates one."""
        return getattr(command, self.id_column, None)

    @property
    def id_column(self) -> str:
        """The attribute and column of the aggregate's id."""
        return f"{self.name}_id"

    @property
    def table(self) -> str:
        """The event table in MySQL."""
        return f"{self.name}_event"


AnyAggregate = Aggregate[Any, E]
"""For a store, which handles no commands."""
