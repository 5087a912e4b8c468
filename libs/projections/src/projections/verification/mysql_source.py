"""The newest event of every key in an append-only table of MySQL, read without holding anyone up.

Each read is one short statement of its own: no transaction stays open, no row is locked, and
MySQL itself ends one that takes too long.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncmy
from asyncmy import converters
from asyncmy.constants import FIELD_TYPE
from asyncmy.cursors import DictCursor
from pydantic import Field, SecretStr

from chassis.stores.errors import mysql
from chassis.stores.errors.calls import store_call
from chassis.stores.mysql import MySQLServer, tls
from projections.generations import OperationRefused
from projections.verification.drift import Row

LIMIT = 10  # seconds for a statement; a page takes about 20 ms
SESSION = (
    f"SET time_zone = '+00:00', transaction_read_only = ON, max_execution_time = {LIMIT * 1000}"
)
# Times stay text: the projector parses those of the topic, too.
AS_TEXT = {FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP}
CONVERSIONS = {kind: to for kind, to in converters.conversions.items() if kind not in AS_TEXT}
# The inner part jumps from key to key in the primary key, however many versions lie between.
NEWEST = """
SELECT {table}.* FROM
(SELECT {key}, MAX(version) AS newest FROM {table} WHERE {which} GROUP BY {key} {bound}) AS keys_of
STRAIGHT_JOIN {table} ON {table}.{key} = keys_of.{key} AND {table}.version = newest
ORDER BY {table}.{key}
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Where events are; its primary key is `key`, `version`."""

    name: str
    key: str


class MySQLTruth:
    """Implements projections.verification.drift.EventSource; one call at a time."""

    def __init__(self, pool: asyncmy.Pool, table: Table) -> None:
        self._pool = pool
        self._table = table

    async def page(self, after: str, limit: int) -> Sequence[Row]:
        return await self._rows(f"{self._table.key} > %s", f"ORDER BY 1 LIMIT {limit}", [after])

    async def look(self, keys: Collection[str]) -> Sequence[Row]:
        if not keys:
            return []
        some = ", ".join(["%s"] * len(keys))
        return await self._rows(f"{self._table.key} IN ({some})", "", list(keys))

    async def _rows(self, which: str, bound: str, values: list[str]) -> list[Row]:
        table, key = self._table.name, self._table.key
        statement = NEWEST.format(table=table, key=key, which=which, bound=bound)
        with store_call("mysql", "newest", mysql.classify):
            async with (
                asyncio.timeout(LIMIT),
                self._pool.acquire() as connection,
                connection.cursor(DictCursor) as cursor,
            ):
                await cursor.execute(statement, values)
                return [(row[key], row["version"], row) for row in await cursor.fetchall()]


class TruthSettings(MySQLServer):
    """What a projector must be told for `verify`, and for nothing else."""

    mysql_host: str = Field("127.0.0.1", description="Where MySQL is; for `verify` alone.")
    mysql_database: str = Field(description="The database that holds the events.")
    mysql_user: str = Field(description="A user who may read them.")
    mysql_password: SecretStr | None = Field(None, description="That user's password.")


@asynccontextmanager
async def opened(settings: TruthSettings, table: Table) -> AsyncIterator[MySQLTruth]:
    """The truth over one connection, which is made anew where it was lost.

    Raises OperationRefused where the password is not set.
    """
    if settings.mysql_password is None:
        raise OperationRefused("the event store cannot be read: MYSQL_PASSWORD is not set")
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
        yield MySQLTruth(open_pool, table)
