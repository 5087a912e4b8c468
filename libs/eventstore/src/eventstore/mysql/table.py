"""The event table of one kind of aggregate: SQL statements, and mapping of events to rows."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Generic, get_args, get_type_hints

from eventstore.aggregate import AnyAggregate, E
from eventstore.ports import CommandContext

Row = tuple[object, ...]


class EventTable(Generic[E]):
    """The statements of an event table; all values are parameters.

    Names are quoted, because a field may have the name of a keyword of MySQL or Debezium.
    """

    def __init__(self, aggregate: AnyAggregate[E]) -> None:
        self.id_of = aggregate.id_of
        self._event = aggregate.event
        hints = get_type_hints(aggregate.event)
        # A protocol cannot express that an Event is a dataclass.
        names = [column.name for column in fields(aggregate.event)]  # type: ignore[arg-type]
        self._values = attrgetter(*names)
        self._decoders = [
            (at, decode) for at, n in enumerate(names) if (decode := _decoder(hints[n]))
        ]
        table, key = aggregate.table, aggregate.id_column
        columns = ", ".join(f"`{name}`" for name in names)
        of_event = ", ".join(f"e.`{name}`" for name in names)
        into = f"INSERT INTO {table} ({columns}, idempotency_key, request_hash, traceparent)"
        values = ", ".join(["%s"] * (len(names) + 3))
        one = f"{key} = %s AND version = %s"
        self.insert = f"{into} VALUES ({values})"
        # Only after its predecessor: an erased one must not get a late successor.
        self.insert_after = f"{into} SELECT {values} FROM {table} WHERE {one} FOR SHARE"
        self.lock = f"SELECT version FROM {table} WHERE {one} FOR UPDATE"
        self.remove_earlier = f"DELETE FROM {table} WHERE {key} = %s AND version < %s"
        self.newest = (
            f"SELECT {columns} FROM {table} WHERE {key} = %s ORDER BY version DESC LIMIT 1"
        )
        self.history = (
            f"SELECT {columns} FROM {table} WHERE {key} = %s AND version > %s"
            " ORDER BY version LIMIT %s"
        )
        self.results = (
            f"SELECT {columns}, request_hash, NULL FROM {table} WHERE idempotency_key = %s"
            f" UNION ALL SELECT {of_event}, r.request_hash, r.refusal FROM command_result r"
            f" LEFT JOIN {table} e ON e.{key} = r.{key} AND e.version = r.version"
            " WHERE r.idempotency_key = %s"
        )

    def row(self, event: E, context: CommandContext) -> Row:
        """Return the values of insert; MySQL's DATETIME has no time zone."""
        key, request_hash = context.idempotency_key, context.request_hash
        values = [
            v if v.__class__ is not datetime else v.replace(tzinfo=None)
            for v in self._values(event)
        ]
        return (*values, key, request_hash, context.traceparent)

    def predecessor(self, event: E) -> tuple[str, int]:
        """Return the primary key of the previous event."""
        return self.id_of(event), event.version - 1

    def event(self, row: Sequence[Any]) -> E:
        """Return the event of a row of newest or history."""
        values = list(row)
        for at, decode in self._decoders:
            if values[at] is not None:
                values[at] = decode(values[at])
        return self._event(*values)


def _decoder(hint: Any) -> Callable[[Any], Any] | None:
    """Return the conversion of a column to the event's type; None: unchanged."""
    kinds = {hint, *get_args(hint)}
    if datetime in kinds:
        return lambda moment: moment.replace(tzinfo=UTC)
    if bool in kinds:  # MySQL's BOOLEAN is a number
        return bool
    if str in kinds:  # MySQL's DATE is one; the event has it as text
        return lambda value: value.isoformat() if isinstance(value, date) else value
    return None
