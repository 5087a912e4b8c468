"""An event that carries the whole state after it, as a projection takes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from projections.ports import C, Change, Undecodable

S = TypeVar("S", bound=Change)


class StateEvent(Change, Protocol):
    """What became of an aggregate; fields: its state, None where it is deleted."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def fields(self) -> tuple[Any, ...] | None: ...


Read = Callable[[Mapping[str, Any]], StateEvent]
"""The event in a decoded record; raises ValueError for an invalid one."""


@dataclass(frozen=True, slots=True)
class Projection(Generic[S, C]):
    """From a decoded record to a change of a view, in two pure steps.

    The second is taken for the newest event of each key of a batch only: half of the cost of an
    event is its response or document, which a newer event of the batch would replace.
    """

    read: Callable[[Mapping[str, Any]], S]
    """Return the event; raises Undecodable for an invalid one."""
    change: Callable[[S], C]
    """Return the change of the view; takes every event that `read` returns."""

    def __call__(self, record: Mapping[str, Any]) -> C:
        """Return the change for a record; raises Undecodable."""
        return self.change(self.read(record))


def decoded(read: Read, record: Mapping[str, Any]) -> StateEvent:
    """The event; raises Undecodable for an invalid one."""
    try:
        return read(record)
    except ValueError as error:
        raise Undecodable(f"invalid event: {error}") from error
