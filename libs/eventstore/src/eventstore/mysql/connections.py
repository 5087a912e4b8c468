"""Connection pool of MySQL, and translation of its errors for the event store."""

import asyncio
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
from chassis.stores.mysql import tls
from eventstore.mysql.settings import EventStoreSettings
from eventstore.ports import KeyTaken, StreamConflict

MOST_WAITING = 1000  # calls; a port has as many connections
SESSION = "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 2"


class Connections:
    """A bounded pool; callers get free connections in turn.

    limit: seconds for a whole call; half of them to wait for a connection.
    """

    def __init__(self, pool: asyncmy.Pool, limit: float) -> None:
        self._pool = pool
        self._turns = ConcurrencyLimit("mysql calls", pool.maxsize, MOST_WAITING, limit / 2)
        self.limit = limit

    @asynccontextmanager
    async def cursor(self, operation: str) -> AsyncIterator[Any]:
        """Yield a cursor for one measured call.

        Raises StreamConflict and KeyTaken for duplicate keys, Unavailable when the same call may
        succeed later, TooManyRequests when its caller has many queued calls, and StoreError for a
        permanent failure.
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
        """Yield a connection; one that a query left in an unknown state is closed, not reused."""
        async with self._pool.acquire() as connection:
            try:
                yield connection
            except (IntegrityError, StreamConflict):
                raise
            except BaseException:
                connection.close()
                raise


@asynccontextmanager
async def connected(settings: EventStoreSettings) -> AsyncIterator[Connections]:
    """Open a pool of at most mysql_pool connections, opened on demand."""
    telemetry.CONNECTIONS.labels("mysql").set(settings.mysql_pool)
    pool = await asyncmy.create_pool(
        minsize=0,
        maxsize=settings.mysql_pool,
        host=settings.mysql_host,
        port=settings.mysql_port,
        db=settings.mysql_database,
        user=settings.mysql_user,
        password=settings.mysql_password.get_secret_value(),
        autocommit=True,
        charset="utf8mb4",
        connect_timeout=settings.mysql_timeout,
        init_command=SESSION,
        ssl=tls(settings.mysql_ca_file),
    )
    try:
        yield Connections(pool, settings.mysql_timeout)
    finally:
        pool.terminate()
        await pool.wait_closed()


def overtaken() -> StreamConflict:
    """Return the error of the slower of two writers."""
    return StreamConflict("another request changed it at the same time")


@contextmanager
def _conflicts() -> Iterator[None]:
    """Raise the domain's errors for a lost race; without a cause, which would quote a key."""
    try:
        yield
    except MySQLError as error:
        number, text = [*error.args, "", ""][:2]
        if number == ER.DUP_ENTRY:
            raise (KeyTaken() if "idempotency_key" in text else overtaken()) from None
        if number in mysql.LOST_RACES:
            raise StreamConflict("another transaction was committed first") from None
        raise
