"""An event as a projector reads it, with the checks that the Avro schema cannot make."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

Conversion = Callable[[Any], Any]
"""A value of the topic or of a row of the event table → as the views have it."""
CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class StateEvent(NamedTuple):
    """What became of an aggregate; the times are UTC."""

    key: str
    version: int
    occurred_at: datetime
    created_at: datetime
    fields: tuple[Any, ...] | None
    """The whole state after the event, in the contract's order; None: it is deleted."""


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads the events of one aggregate."""

    key: str
    """The name of the aggregate's id."""
    living: Collection[str]
    """The types of events that leave a living aggregate."""
    deletion: str
    fields: Mapping[str, Conversion]
    optional: Mapping[str, Conversion] = field(default_factory=dict)
    """Fields that came later: None in events from before."""
    _every: tuple[tuple[str, Conversion], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_every", (*self.fields.items(), *self.optional.items()))

    def read(self, record: Mapping[str, Any]) -> StateEvent:
        """The event in a decoded record, or in a row of the event table with its times as text.

        Raises ValueError for one that cannot be: an unknown type, a field is missing, no UUID, no
        time, a version below 1.
        """
        if record["version"] < 1:
            raise ValueError(f"version {record['version']}")
        return StateEvent(
            _canonical(record[self.key]),
            record["version"],
            _utc(record["occurred_at"]),
            _utc(record["created_at"]),
            self._state(record),
        )

    def _state(self, record: Mapping[str, Any]) -> tuple[Any, ...] | None:
        if record["type"] == self.deletion:
            return None
        if record["type"] not in self.living:
            raise ValueError(f"unknown event type {record['type']!r}")
        for name in self.fields:
            if record.get(name) in (None, ""):
                raise ValueError(f"{name} is missing")
        found = [(record.get(name), convert) for name, convert in self._every]
        return tuple([None if value is None else convert(value) for value, convert in found])


def given(stored: Any) -> Any:
    """Texts and whole numbers are the same everywhere."""
    return stored


def boolean(stored: Any) -> bool:
    """The topic has a boolean, the table a number."""
    return bool(stored)


def day(stored: Any) -> str:
    """The topic has a text that may end in an offset, the table a date."""
    return date.fromisoformat(str(stored)[:10]).isoformat()


def _canonical(text: str) -> str:
    """The UUID in lower case with hyphens. Parsing one takes ten times as long as this match."""
    return text if CANONICAL.fullmatch(text) else str(UUID(text))


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # in the years 1 and 9999
        raise ValueError(f"a time out of range: {text}") from error
