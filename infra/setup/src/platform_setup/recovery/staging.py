"""Temporary tables of one session that join everything known about each key.

No other session can read a temporary table, row-based logging keeps it out of the binlog
(https://dev.mysql.com/doc/refman/8.4/en/replication-features-temptables.html), and it is gone with
the session. So rows of erased keys are never readable, captured or replicated.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, BinaryIO

import pymysql
from pymysql.cursors import DictCursor, SSDictCursor

from platform_setup import SetupError
from platform_setup.recovery.completion import Found, Row
from platform_setup.recovery.dump import inserts
from platform_setup.recovery.event_store import EventStore

KEPT, DUMPED, PUBLISHED, ERASED = range(4)


class Staging:
    """The session's temporary tables: dumped, published, erased."""

    def __init__(self, connection: "pymysql.Connection[DictCursor]", table: str) -> None:
        self._connection = connection
        self._store = EventStore(connection, table)
        self._columns = {name: str(one["Type"]) for name, one in self._store.columns().items()}
        self.key = next(iter(self._columns))

    def prepare(self) -> None:
        for table in ("dumped", "published"):
            self._store.run(f"CREATE TEMPORARY TABLE {table} LIKE {self._store.table}")
        for table in ("removed", "erased"):
            self._store.run(
                f"CREATE TEMPORARY TABLE {table} ({self.key} {self._columns[self.key]}"
                " CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, at DATETIME(6) NOT NULL)"
            )

    def load(self, dump: BinaryIO) -> int:
        """Load the dump's rows and return their number; raise SetupError at an invalid row."""
        for number, rows in enumerate(inserts(dump, self._store.table), start=1):
            try:
                # As bytes, which are sent unchanged.
                self._connection.query(b"INSERT INTO dumped " + rows)
            except pymysql.MySQLError as error:
                # Without MySQL's message, which may quote a name.
                reason = f"MySQL rejects its INSERT number {number} (error {error.args[0]})"
                raise SetupError(f"the dump does not fit {self._store.table}: {reason}") from None
        count: int = self._store.only("SELECT COUNT(*) FROM dumped")
        return count

    def add_published(self, rows: Sequence[Row]) -> None:
        """Add events of the topic; duplicates are ignored."""
        self._add("published", list(self._columns), rows)

    def add_removed(self, removals: Mapping[str, datetime]) -> None:
        """Add keys whose newest record so far is a tombstone."""
        self._add_times("removed", removals)

    def add_written(self, keys: Iterable[str]) -> None:
        """Add keys whose newest record so far is an event: a marker follows its tombstones."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                f"DELETE FROM removed WHERE {self.key} = %s", [(key,) for key in keys]
            )

    def add_erased(self, erasures: Mapping[str, datetime]) -> None:
        """Add keys that are erased whatever the topic has."""
        self._add_times("erased", erasures)

    def overlap(self) -> int:
        """Return the number of the dump's keys that are in the event store already."""
        current, key = self._store.table, self.key
        count: int = self._store.only(
            f"SELECT COUNT(DISTINCT dumped.{key}) FROM dumped JOIN {current} USING ({key})"
        )
        return count

    def columns(self) -> Mapping[str, str]:
        """Return column → its type."""
        return self._columns

    def newest(self, until: datetime | None) -> datetime | None:
        """Return when the newest published event occurred, of those that MySQL lost."""
        limit = "" if until is None else " AND occurred_at <= %s"
        found: datetime | None = self._store.only(
            f"SELECT MAX(occurred_at) FROM published"
            f" WHERE {self.key} NOT IN (SELECT {self.key} FROM {self._store.table}){limit}",
            *([] if until is None else [until]),
        )
        return found

    def found(self) -> Iterator[tuple[str, Found]]:
        """Yield each key with everything known about it, in key order, as a stream."""
        with SSDictCursor(self._connection) as cursor:
            cursor.execute(self._everything())
            for key, rows in groupby(cursor, key=lambda row: str(row[self.key])):
                yield key, _found(rows)

    def _everything(self) -> str:
        columns = ", ".join(self._columns)
        parts = [
            f"SELECT {origin} AS origin, {columns} FROM {table}"
            for origin, table in (
                (KEPT, self._store.table),
                (DUMPED, "dumped"),
                (PUBLISHED, "published"),
            )
        ]
        erasure = {self.key: self.key, "version": "0", "occurred_at": "at"}
        nothing = ", ".join(erasure.get(name, "NULL") for name in self._columns)
        parts += [f"SELECT {ERASED} AS origin, {nothing} FROM {t}" for t in ("removed", "erased")]
        return f"{' UNION ALL '.join(parts)} ORDER BY {self.key}, origin, version"

    def _add_times(self, table: str, times: Mapping[str, datetime]) -> None:
        self._add(table, [self.key, "at"], [{self.key: k, "at": at} for k, at in times.items()])

    def _add(self, table: str, names: Sequence[str], rows: Sequence[Row]) -> None:
        values = [tuple(row.get(name) for name in names) for row in rows]
        into = f"INSERT INTO {table} ({', '.join(names)})"
        same = f"ON DUPLICATE KEY UPDATE {self.key} = {table}.{self.key}"
        with self._connection.cursor() as cursor:
            places = ", ".join(["%s"] * len(names))
            cursor.executemany(f"{into} VALUES ({places}) {same}", values)


def _found(rows: Iterable[dict[str, Any]]) -> Found:
    by_origin: dict[int, list[Row]] = {KEPT: [], DUMPED: [], PUBLISHED: [], ERASED: []}
    for row in rows:
        by_origin[row.pop("origin")].append(row)
    erased_at = by_origin[ERASED][0]["occurred_at"] if by_origin[ERASED] else None
    return Found(by_origin[KEPT], by_origin[DUMPED], by_origin[PUBLISHED], erased_at)
