"""Comparison of a captured table with the structure that the connector knows.

The binary log has values without column names; Debezium assigns them by position from the
structure in its schema history. So a DDL statement that it could not parse leaves it with a wrong
structure: with another number of columns it refuses each row (3.6.1), with the same number it
publishes values under wrong names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector_supervisor.column_types import comparable_charset, comparable_type, enumerated, plain


@dataclass(frozen=True, slots=True)
class Column:
    """Properties that decide how a value of the binary log is read; None: unknown, not compared."""

    name: str
    type: str | None
    charset: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A captured table whose columns differ from those that the connector knows."""

    table: str
    difference: str
    misreads: bool
    """Whether the connector publishes values under wrong names instead of failing."""
    statement: str | None = None

    def __str__(self) -> str:
        statement = self.statement or "statement not found in the binary log"
        return (
            f"{self.table} was changed by DDL that Debezium could not parse"
            f" ({self.difference}): {statement}; run `connector-supervisor resnapshot`"
        )


def actual(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return columns from information_schema.columns, in order of position."""
    return tuple(
        Column(
            row["COLUMN_NAME"],
            comparable_type(row["DATA_TYPE"], row["COLUMN_TYPE"]),
            comparable_charset(row["CHARACTER_SET_NAME"]),
            enumerated(row["COLUMN_TYPE"]) if row["DATA_TYPE"] in {"enum", "set"} else (),
        )
        for row in rows
    )


def known(table: Mapping[str, Any]) -> tuple[Column, ...]:
    """Return columns of a table in Debezium's schema history (`tableChanges[].table`)."""
    columns = sorted(table["columns"], key=lambda column: column["position"])
    return tuple(
        Column(
            column["name"],
            _type_of(column),
            comparable_charset(column.get("charsetName")),
            tuple(plain(value) for value in column.get("enumValues") or ()),
        )
        for column in columns
    )


def _type_of(column: Mapping[str, Any]) -> str | None:
    if column.get("charsetName") == "binary":
        return None  # MySQL turns a TEXT into a BLOB, and so on
    spelling = column["typeName"]
    return comparable_type(spelling.split(" ")[0].split("(")[0], spelling)


def compared(
    table: str, there: Sequence[Column], knows: Sequence[Column] | None
) -> Mismatch | None:
    """Return the difference; None if every value is read as it was written."""
    if not there:
        return Mismatch(table, "the table does not exist", misreads=False)
    if knows is None:
        return Mismatch(table, "the connector knows no such table", misreads=False)
    ours, theirs = [c.name for c in there], [c.name for c in knows]
    if len(ours) != len(theirs):
        return Mismatch(table, _names(ours, theirs), misreads=False)
    if ours != theirs:
        return Mismatch(table, _names(ours, theirs), misreads=True)
    changed = [one.name for one, other in zip(there, knows, strict=True) if _differs(one, other)]
    if changed:
        # Alerted only: an unknown spelling of a type must not stop capture.
        return Mismatch(table, f"another type of {', '.join(changed)}", misreads=False)
    return None


def _names(ours: Sequence[str], theirs: Sequence[str]) -> str:
    added, removed = set(ours) - set(theirs), set(theirs) - set(ours)
    parts = [
        f"unknown column {', '.join(sorted(added))}" if added else "",
        f"no column {', '.join(sorted(removed))}" if removed else "",
    ]
    return "; ".join(filter(None, parts)) or f"order of columns is {', '.join(ours)}"


def _differs(one: Column, other: Column) -> bool:
    pairs = ((one.type, other.type), (one.charset, other.charset), (one.values, other.values))
    return any(a and b and a != b for a, b in pairs)
