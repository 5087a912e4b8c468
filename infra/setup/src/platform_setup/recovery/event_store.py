"""The event store during a restore: read-only, filled beside its name, and swapped in at the end.

`read_only` rejects writes with error 1290, which becomes a 503 response, and permits reads and this
session; it survives a crash of the restore
(https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_read_only). No partial
restore is readable: the new table takes its name last, by RENAME TABLE, which is atomic
(https://dev.mysql.com/doc/refman/8.4/en/rename-table.html).
"""

from collections.abc import Sequence
from typing import Any

import pymysql
from pymysql.cursors import DictCursor

from chassis.stores.mysql import tls
from platform_setup import SetupError
from platform_setup.recovery.completion import Row, Shape
from platform_setup.recovery.settings import Settings

SESSION = (
    "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL,NO_AUTO_VALUE_ON_ZERO', "
    "net_write_timeout = 600, net_read_timeout = 600"
)
LIMIT = 600  # seconds for a statement; sorting millions of rows takes one or two minutes
GAPS = """
CREATE TABLE IF NOT EXISTS {gap} (
    aggregate_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    first_version INT UNSIGNED NOT NULL,
    last_version INT UNSIGNED NOT NULL,
    found_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    PRIMARY KEY (aggregate_id, first_version)
) ENGINE = InnoDB
"""
GAP_COLUMNS = ("aggregate_id", "first_version", "last_version")
Gap = tuple[str, int, int]
"""Key, first and last of the versions that are missing."""


def connected(settings: Settings) -> "pymysql.Connection[DictCursor]":
    """Open a session for a restore; raise SetupError when MySQL rejects it."""
    try:
        return pymysql.connect(
            host=settings.mysql_host,
            port=settings.mysql_port,
            user=settings.mysql_user,
            password=settings.mysql_password.get_secret_value(),
            database=settings.mysql_database,
            charset="utf8mb4",
            autocommit=True,
            init_command=SESSION,
            connect_timeout=10,
            read_timeout=LIMIT,
            write_timeout=LIMIT,
            ssl=tls(settings.mysql_ca_file),
            cursorclass=DictCursor,
        )
    except pymysql.MySQLError as error:
        where = f"{settings.mysql_host}:{settings.mysql_port}"
        raise SetupError(f"MySQL at {where}: {error}") from error


class EventStore:
    """A table of events; every method may raise pymysql.MySQLError."""

    def __init__(self, connection: "pymysql.Connection[DictCursor]", table: str) -> None:
        self._connection = connection
        self.table = table
        self.kept = f"{table}_kept"
        """Name of the old table after the swap; it exists until a restore has ended."""
        self.new = f"{table}_restoring"
        self.gap = f"{table}_gap"

    def exists(self, table: str) -> bool:
        return bool(self.rows("SHOW TABLES LIKE %s", table.replace("_", r"\_")))

    def close(self) -> None:
        """Refuse all writers but this session's user."""
        self.run("SET GLOBAL read_only = ON")

    def reopen(self) -> None:
        self.run("SET GLOBAL read_only = OFF")

    def prepare(self) -> None:
        """Create an empty table to fill; drop an earlier run's."""
        self.run(f"DROP TABLE IF EXISTS {self.new}")
        self.run(f"CREATE TABLE {self.new} LIKE {self.table}")
        self.run(GAPS.format(gap=self.gap))

    def swap(self) -> None:
        """Replace the event store's table by the restored one."""
        self.run(f"RENAME TABLE {self.table} TO {self.kept}, {self.new} TO {self.table}")

    def finish(self) -> None:
        """Accept commands again; an earlier run may have done so already."""
        self.reopen()
        self.run(f"DROP TABLE IF EXISTS {self.kept}")

    def columns(self) -> dict[str, dict[str, Any]]:
        """Return column → its Type, Null and Key, as reported by DESCRIBE."""
        return {row["Field"]: row for row in self.rows(f"DESCRIBE {self.table}")}

    def shape(self, erased_type: str) -> Shape:
        columns = self.columns()
        nullable = frozenset(name for name, one in columns.items() if one["Null"] == "YES")
        return Shape(next(iter(columns)), erased_type, nullable)

    def add(self, rows: Sequence[Row], gaps: Sequence[Gap]) -> None:
        """Store events and the gaps of their keys, in one transaction."""
        self.run("BEGIN")
        if rows:
            names = list(rows[0])
            self._insert(self.new, names, [tuple(row[name] for name in names) for row in rows])
        self._insert(self.gap, GAP_COLUMNS, gaps)
        self.run("COMMIT")

    def _insert(self, table: str, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        values = ", ".join(["%s"] * len(names))
        into = f"REPLACE INTO {table} ({', '.join(names)}) VALUES ({values})"
        with self._connection.cursor() as cursor:
            cursor.executemany(into, rows)

    def run(self, statement: str, *values: object) -> int:
        with self._connection.cursor() as cursor:
            return cursor.execute(statement, values or None)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def only(self, query: str, *values: object) -> Any:
        """Return a query's single value."""
        (row,) = self.rows(query, *values)
        return next(iter(row.values()))
