"""The corpus of statements on a real server, and what each left in its binary log."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pymysql

from local_stack.addresses import Addresses
from tests.support.capture.ddl_corpus import Statement
from tests.support.clients.api_clients import as_root

AROUND = re.compile(rb"^use `(?:[^`]|``)*`; |/\* xid=\d+ \*/$")
Position = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Run:
    """A statement that was sent to the server; error: the server's error, if any."""

    statement: Statement
    database: str
    error: int | None
    detail: str
    begins: Position
    ends: Position

    @property
    def is_as_listed(self) -> bool:
        return self.error == self.statement.refused


class Server:
    """MySQL, connected as its administrator."""

    def __init__(self, stack: Addresses) -> None:
        self._root = as_root(stack)
        self._observer = self.connected(None)

    def close(self) -> None:
        self._observer.close()

    def connected(self, database: str | None, charset: str = "utf8mb4") -> Any:
        return pymysql.connect(**self._root, database=database, charset=charset, autocommit=True)

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._observer.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def position(self) -> Position:
        """Return the end of the binary log."""
        file, offset, *_ = self.rows("SHOW BINARY LOG STATUS")[0]
        return file, offset

    def carry_out(self, database: str, statements: Iterable[Statement]) -> Iterator[Run]:
        """Execute each statement in turn, every kind in its own session."""
        session, of = None, None
        begins = self.position()
        for statement in statements:
            if of != (statement.kind, statement.charset):
                of = (statement.kind, statement.charset)
                if session:
                    session.close()
                session = self.connected(database, statement.charset)
            error, detail = _refusal(session, statement.within(database))
            ends = self.position()
            yield Run(statement, database, error, detail, begins, ends)
            begins = ends
        if session:
            session.close()

    def logged(self, runs: Sequence[Run]) -> list[tuple[Position, bytes]]:
        """Return the statements in the binary log from the first to the last of these runs."""
        files = [name for name, *_ in self.rows("SHOW BINARY LOGS")]
        first, last = runs[0].begins, runs[-1].ends
        found = []
        with closing(pymysql.connect(**self._root, use_unicode=False)) as raw:
            for file in (name for name in files if first[0] <= name <= last[0]):
                found += _queries(raw, file, first[1] if file == first[0] else 4)
        return found


def _refusal(session: Any, text: str) -> tuple[int | None, str]:
    """Return the code and the message of the server's error; None: the error has no code."""
    try:
        with session.cursor() as cursor:
            cursor.execute(text)
            while cursor.nextset():
                pass
    except pymysql.MySQLError as error:
        return error.args[0], str(error.args[1:])
    return None, ""


def _queries(raw: Any, file: str, since: int) -> list[tuple[Position, bytes]]:
    with raw.cursor() as cursor:
        cursor.execute(f"SHOW BINLOG EVENTS IN '{file}' FROM {since}")
        return [
            ((file, int(offset)), AROUND.sub(b"", info))
            for _, offset, kind, _, _, info in cursor.fetchall()
            if kind == b"Query" and info != b"BEGIN"
        ]
