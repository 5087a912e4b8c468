"""MySQL as the connector's own login sees it: settings, a table's columns, the binary log.

Reading these needs no privilege that the connector lacks: SHOW VARIABLES needs none,
information_schema.columns SELECT, SHOW BINARY LOG STATUS REPLICATION CLIENT, and SHOW BINLOG
EVENTS REPLICATION SLAVE (MySQL 8.4, "SHOW Statements").
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncmy
from asyncmy.constants import ER
from asyncmy.cursors import DictCursor
from asyncmy.errors import MySQLError

from chassis.problems import Unavailable
from chassis.stores.mysql import tls
from connector_supervisor.captured_table import Column, actual
from connector_supervisor.mysql_settings import NAMES
from connector_supervisor.settings import Settings

LIMIT = 10.0  # seconds for all statements of one check
COLUMNS = """
SELECT column_name AS COLUMN_NAME, data_type AS DATA_TYPE, column_type AS COLUMN_TYPE,
    character_set_name AS CHARACTER_SET_NAME
FROM information_schema.columns WHERE table_schema = %s AND table_name = %s
ORDER BY ordinal_position
"""


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the binary log, and the transactions up to it."""

    file: str
    offset: int
    gtids: str


class Session:
    """A connection; methods raise asyncmy's exceptions."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    async def rows(self, statement: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of one statement."""
        await self._cursor.execute(statement, values or None)
        return list(await self._cursor.fetchall())

    async def settings(self) -> Mapping[str, str]:
        """Return the values of mysql_settings.NAMES, by lower-case name."""
        names = ", ".join(["%s"] * len(NAMES))
        rows = await self.rows(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})", NAMES)
        filters = {
            name.lower(): str(value)
            for status in await self._status()
            for name, value in status.items()
            if name.startswith("Binlog_")
        }
        return filters | {row["Variable_name"]: str(row["Value"]) for row in rows}

    async def position(self) -> Position | None:
        """Return the end of the binary log; None if there is no binary log."""
        for row in await self._status():
            gtids = row["Executed_Gtid_Set"].replace("\n", "")
            return Position(row["File"], row["Position"], gtids)
        return None

    async def columns(self, table: str) -> tuple[Column, ...]:
        """Return the columns of `database.table`; empty if there is no such table."""
        return actual(await self.rows(COLUMNS, table.split(".", 1)))

    async def has_read(self, gtids: str, of: str) -> bool:
        """Return whether the transactions `of` are all among `gtids`."""
        (row,) = await self.rows("SELECT GTID_SUBSET(%s, %s) AS answer", [of, gtids])
        return bool(row["answer"])

    async def _status(self) -> list[dict[str, Any]]:
        try:
            return await self.rows("SHOW BINARY LOG STATUS")
        except MySQLError as error:
            if error.args and error.args[0] == ER.NO_BINARY_LOGGING:
                return []
            raise


class MySQLSource:
    """MySQL client that opens a connection for each check: rare, and never stale."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Open a connection for at most LIMIT seconds; raise Unavailable with MySQL's message."""
        configured = self._settings
        try:
            async with asyncio.timeout(LIMIT):
                connection = await asyncmy.connect(
                    host=configured.mysql_host,
                    port=configured.mysql_port,
                    user=configured.mysql_user,
                    password=configured.mysql_password.get_secret_value(),
                    autocommit=True,
                    charset="utf8mb4",
                    connect_timeout=LIMIT,
                    ssl=tls(configured.mysql_ca_file),
                )
                try:
                    async with connection.cursor(DictCursor) as cursor:
                        yield Session(cursor)
                finally:
                    connection.close()
        except (MySQLError, OSError, TimeoutError, RuntimeError) as error:
            address = f"{configured.mysql_host}:{configured.mysql_port}"
            raise Unavailable(f"MySQL at {address} cannot be checked: {_words(error)}") from error


def _words(error: Exception) -> str:
    return str(error.args[1]) if len(error.args) > 1 else (str(error) or type(error).__name__)
