"""Columns of a table compared with Debezium's own record of them."""

import re
from typing import Any

import pytest

from connector_supervisor.captured_table import Column, actual, compared, known

TABLE = "users.user_event"


def row(name: str, column_type: str, charset: str | None = None) -> dict[str, Any]:
    """Return a row of information_schema.columns."""
    return {
        "COLUMN_NAME": name,
        "DATA_TYPE": re.split(r"[( ]", column_type, maxsplit=1)[0],
        "COLUMN_TYPE": column_type,
        "CHARACTER_SET_NAME": charset,
    }


def column(position: int, name: str, type_name: str, **more: Any) -> dict[str, Any]:
    """Return a column as in a record of the schema history (3.6.1)."""
    return {"name": name, "typeName": type_name, "position": position, **more}


THERE = actual(
    [row("id", "char(36)", "ascii"), row("version", "int unsigned"), row("at", "datetime(6)")]
)
KNOWN = known(
    {
        "columns": [
            column(2, "version", "INT UNSIGNED"),
            column(1, "id", "CHAR", charsetName="ascii", length=36),
            column(3, "at", "DATETIME", length=6),
        ]
    }
)


def test_columns_that_the_connector_knows_are_no_mismatch() -> None:
    assert compared(TABLE, THERE, KNOWN) is None


@pytest.mark.parametrize(
    ("there", "difference", "misreads"),
    [
        ((*THERE, Column("url", "VARCHAR")), "unknown column url", False),
        (THERE[:2], "no column at", False),
        ((), "the table does not exist", False),
        ((THERE[1], THERE[0], THERE[2]), "order of columns is version, id, at", True),
        (
            (THERE[0], THERE[1], Column("url", "DATETIME")),
            "unknown column url; no column at",
            True,
        ),
        ((THERE[0], Column("version", "INT"), THERE[2]), "another type of version", False),
        ((Column("id", "CHAR", "utf8mb4"), *THERE[1:]), "another type of id", False),
    ],
)
def test_difference_is_named_and_so_is_whether_values_would_be_misread(
    there: tuple[Column, ...], difference: str, *, misreads: bool
) -> None:
    found = compared(TABLE, there, KNOWN)
    assert found
    assert (found.difference, found.misreads) == (difference, misreads)


def test_table_that_the_connector_has_never_seen_is_a_mismatch() -> None:
    found = compared(TABLE, THERE, None)
    assert found
    assert found.difference == "the connector knows no such table"


def test_values_of_an_enumeration_in_another_order_are_misread() -> None:
    there = actual([row("kind", "enum('a','it''s')", "ascii")])
    same = known({"columns": [column(1, "kind", "ENUM", enumValues=["'a'", "'it's'"])]})
    other = known({"columns": [column(1, "kind", "ENUM", enumValues=["'it's'", "'a'"])]})
    assert compared(TABLE, there, same) is None
    assert compared(TABLE, there, other)


@pytest.mark.parametrize(
    ("mysql", "debezium"),
    [
        ("int", "INTEGER"),
        ("tinyint(1)", "BOOL"),
        ("bigint unsigned", "SERIAL"),
        ("decimal(10,0)", "NUMERIC"),
        ("double", "REAL"),
        ("double", "DOUBLE PRECISION"),
        ("double", "FLOAT"),
        ("varchar(10)", "CHARACTER VARYING"),
        ("varchar(10)", "NATIONAL VARCHAR"),
        ("tinytext", "TEXT"),
        ("mediumblob", "BLOB"),
        ("int(8) unsigned zerofill", "INT ZEROFILL"),
        ("point", "POINT"),
    ],
)
def test_another_spelling_of_the_same_type_is_no_mismatch(mysql: str, debezium: str) -> None:
    there, knows = actual([row("c", mysql)]), known({"columns": [column(1, "c", debezium)]})
    assert compared(TABLE, there, knows) is None
