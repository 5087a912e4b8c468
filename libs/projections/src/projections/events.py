"""An event that carries the whole state after it, as a projection takes it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from projections.ports import Change, Undecodable


class StateEvent(Change, Protocol):
    """What became of an aggregate; fields: its state, None where it is deleted."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def fields(self) -> tuple[Any, ...] | None: ...


Read = Callable[[Mapping[str, Any]], StateEvent]
"""The event in a decoded record; raises ValueError for an invalid one."""


def decoded(read: Read, record: Mapping[str, Any]) -> StateEvent:
    """The event; raises Undecodable for an invalid one."""
    try:
        return read(record)
    except ValueError as error:
        raise Undecodable(f"invalid event: {error}") from error
