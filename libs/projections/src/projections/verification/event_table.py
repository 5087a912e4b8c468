"""The event table of an aggregate, as programs read it that do not own it: schemas/tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EventTable:
    """The table of the events of one aggregate; the primary key is (`key`, `version`)."""

    aggregate: str
    schema: Callable[[], Mapping[str, Any]]
    """The Avro schema of its topic."""
    version = "version"

    @property
    def name(self) -> str:
        """The table."""
        return f"{self.aggregate}_event"

    @property
    def key(self) -> str:
        """The column with the key of the aggregate."""
        return f"{self.aggregate}_id"

    def columns(self) -> Sequence[str]:
        """The columns that may be read: those that Debezium publishes, in the topic's order."""
        return [field["name"] for field in self.schema()["fields"]]
