"""A bounded pool of connections to MySQL; what its errors mean to the event store."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncmy
from asyncmy.constants import ER
from asyncmy.errors import IntegrityError, MySQLError

from chassis.limits.concurrency import ConcurrencyLimit
from chassis.observability import telemetry
from chassis.stores.errors import mysql
from chassis.stores.errors.calls import store_call
from command_api.ports import KeyTaken, StreamConflict

MOST_WAITING = 1000  # calls; a port has as many connections
SESSION = "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 2"


class Connections:
    """limit: seconds for a whole call; half of them for waiting for a connection.

    Callers get free connections in turn.
    """

    def __init__(self, pool: asyncmy.Pool, limit: float) -> None:
        self._pool = pool
        self._turns = ConcurrencyLimit("mysql calls", pool.maxsize, MOST_WAITING, limit / 2)
        self.limit = limit

    @asynccontextmanager
    async def cursor(self, operation: str) -> AsyncIterator[Any]:
        """A connection's cursor for one measured call.

        Raises StreamConflict and KeyTaken for what a key refuses, Unavailable when the same call
        may succeed later, TooManyRequests when its caller has many calls waiting, StoreError for
        what never heals.
        """
        with store_call("mysql", operation, mysql.classify), _conflicts():
            async with (
                asyncio.timeout(self.limit),
                self._turns.slot(),
                self._connection() as connection,
                connection.cursor() as cursor,
            ):
                yield cursor

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """A connection; one that a query left in an unknown state is closed, not handed on."""
        async with self._pool.acquire() as connection:
            try:
                yield connection
            except (IntegrityError, StreamConflict):
                raise
            except BaseException:
                connection.close()
                raise


@asynccontextmanager
async def connected(
    *,
    host: str,
    port: int,
    database: str,
    user: str,
    password: str,
    size: int,
    limit: float,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Connections]:
    """At most `size` connections, opened as they are needed; limit: see Connections."""
    telemetry.CONNECTIONS.labels("mysql").set(size)
    pool = await asyncmy.create_pool(
        minsize=0,
        maxsize=size,
        host=host,
        port=port,
        db=database,
        user=user,
        password=password,
        autocommit=True,
        charset="utf8mb4",
        connect_timeout=limit,
        init_command=SESSION,
        ssl=tls,
    )
    try:
        yield Connections(pool, limit)
    finally:
        pool.terminate()
        await pool.wait_closed()


def overtaken() -> StreamConflict:
    """Of two writers this is the slower one."""
    return StreamConflict("somebody else changed the user at the same moment")


@contextmanager
def _conflicts() -> Iterator[None]:
    """Raise the domain's words for a lost race; without a cause, which would quote a key."""
    try:
        yield
    except MySQLError as error:
        number, text = [*error.args, "", ""][:2]
        if number == ER.DUP_ENTRY:
            raise (KeyTaken() if "idempotency_key" in text else overtaken()) from None
        if number in mysql.LOST_RACES:
            raise StreamConflict("another transaction was faster") from None
        raise
