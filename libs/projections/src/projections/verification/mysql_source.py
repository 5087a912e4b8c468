"""The newest event of every key in an append-only table of MySQL, read without blocking writers.

Each read is one short statement of its own: no transaction stays open, no row is locked, and
MySQL itself ends one that takes too long.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import asyncmy
from asyncmy import converters
from asyncmy.constants import FIELD_TYPE
from asyncmy.cursors import DictCursor
from pydantic import Field, SecretStr

from chassis.stores.errors import mysql
from chassis.stores.errors.calls import store_call
from chassis.stores.mysql import MySQLServer, tls
from projections.verification.drift import Row
from projections.verification.event_table import EventTable

LIMIT = 10  # seconds for a statement; a page takes about 20 ms
SESSION = (
    f"SET time_zone = '+00:00', transaction_read_only = ON, max_execution_time = {LIMIT * 1000}"
)
# Times stay text, as in the topic: the projector parses them.
AS_TEXT = {FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP}
CONVERSIONS = {kind: to for kind, to in converters.conversions.items() if kind not in AS_TEXT}
# The inner query skips from key to key in the primary key, however many versions a key has.
NEWEST = """
SELECT {columns} FROM
(SELECT `{key}`, MAX(`{version}`) AS newest FROM `{table}`
 WHERE {which} GROUP BY `{key}` {bound}) AS keys_of
STRAIGHT_JOIN `{table}` ON `{table}`.`{key}` = keys_of.`{key}` AND `{table}`.`{version}` = newest
ORDER BY `{table}`.`{key}`
"""


class MySQLEventSource:
    """Implements projections.verification.drift.EventSource; one call at a time."""

    def __init__(self, pool: asyncmy.Pool, table: EventTable) -> None:
        self._pool = pool
        self._table = table
        self._columns = ", ".join(f"`{table.name}`.`{name}`" for name in table.columns())

    async def page(self, after: str, limit: int) -> Sequence[Row]:
        return await self._rows(f"`{self._table.key}` > %s", f"ORDER BY 1 LIMIT {limit}", [after])

    async def read(self, keys: Collection[str]) -> Sequence[Row]:
        if not keys:
            return []
        some = ", ".join(["%s"] * len(keys))
        return await self._rows(f"`{self._table.key}` IN ({some})", "", list(keys))

    async def _rows(self, which: str, bound: str, values: list[str]) -> list[Row]:
        key, version = self._table.key, self._table.version
        statement = NEWEST.format(
            table=self._table.name,
            columns=self._columns,
            key=key,
            version=version,
            which=which,
            bound=bound,
        )
        with store_call("mysql", "newest", mysql.classify):
            async with (
                asyncio.timeout(LIMIT),
                self._pool.acquire() as connection,
                connection.cursor(DictCursor) as cursor,
            ):
                await cursor.execute(statement, values)
                return [(row[key], row[version], row) for row in await cursor.fetchall()]


class EventSourceSettings(MySQLServer):
    """Part of a program's settings: the event store, and a MySQL user that may read it."""

    mysql_database: str = Field(description="Database of the event store.")
    mysql_user: str = Field(description="MySQL user that may read events.")
    mysql_password: SecretStr = Field(description="Password of that user.")


@asynccontextmanager
async def opened(
    settings: EventSourceSettings, table: EventTable
) -> AsyncIterator[MySQLEventSource]:
    """Open the event source over one connection, which is replaced if it is lost."""
    pool = asyncmy.create_pool(
        minsize=0,
        maxsize=1,
        host=settings.mysql_host,
        port=settings.mysql_port,
        db=settings.mysql_database,
        user=settings.mysql_user,
        password=settings.mysql_password.get_secret_value(),
        init_command=SESSION,
        autocommit=True,
        charset="utf8mb4",
        conv=CONVERSIONS,
        ssl=tls(settings.mysql_ca_file),
        connect_timeout=LIMIT,
    )
    async with pool as open_pool:
        yield MySQLEventSource(open_pool, table)
