"""A new aggregate starts with one migration, which leads to what all those of users lead to."""

from pathlib import PurePath

import pytest

from new_aggregate.migrations import joined

TABLE, GRANT = PurePath("migrations/0001-a.sql"), PurePath("migrations/0002-b.sql")
SCRIPTS = [
    (GRANT, "-- depends: 0001-a\n-- Why.\nGRANT SELECT ON a TO b\n"),
    (GRANT.with_suffix(".rollback.sql"), "REVOKE SELECT ON a FROM b\n"),
    (TABLE, "CREATE TABLE a (\n    id INT\n)\n"),
    (TABLE.with_suffix(".rollback.sql"), "DROP TABLE a\n"),
]


def test_all_statements_are_in_the_first_file_in_their_order() -> None:
    made = dict(joined([*SCRIPTS, (PurePath("settings.py"), "A = 1\n")]))
    assert set(made) == {TABLE, TABLE.with_suffix(".rollback.sql"), PurePath("settings.py")}
    _, table, grant = made[TABLE].split("\n\n")
    assert table == "CREATE TABLE IF NOT EXISTS a (\n    id INT\n);"
    assert grant == "-- Why.\nGRANT SELECT ON a TO b;\n"


def test_rollbacks_are_joined_in_reverse_order() -> None:
    made = dict(joined(SCRIPTS))
    expected = "REVOKE SELECT ON a FROM b;\nDROP TABLE IF EXISTS a;\n"
    assert made[TABLE.with_suffix(".rollback.sql")] == expected


def test_statement_that_cannot_be_repeated_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0003-c\.sql is neither CREATE TABLE nor GRANT"):
        dict(joined([*SCRIPTS, (PurePath("migrations/0003-c.sql"), "ALTER TABLE a ADD b INT\n")]))
