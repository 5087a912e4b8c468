"""A bounded pool of connections to MySQL; what its errors mean to the event store."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncmy
from asyncmy.constants import ER
from asyncmy.errors import IntegrityError, MySQLError

from chassis import telemetry
from chassis.problems import Unavailable
from command_api.ports import KeyTaken, StreamConflict

SESSION = "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 2"
LOST_RACES = {ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT}


class Connections:
    """limit: seconds for a whole call, waiting for a connection included."""

    def __init__(self, pool: asyncmy.Pool, limit: float) -> None:
        self._pool = pool
        self.limit = limit

    @asynccontextmanager
    async def cursor(self, operation: str) -> AsyncIterator[Any]:
        """A connection's cursor for one measured call.

        Raises StreamConflict and KeyTaken for what a key refuses, Unavailable without an answer.
        """
        try:
            with telemetry.store_call("mysql", operation):
                async with (
                    asyncio.timeout(self.limit),
                    self._connection() as connection,
                    connection.cursor() as cursor,
                ):
                    yield cursor
        except IntegrityError as error:
            raise _duplicate(error) from error
        except (MySQLError, OSError, TimeoutError, RuntimeError) as error:
            # RuntimeError: asyncmy's and uvloop's, of a connection that was closed meanwhile.
            if isinstance(error, MySQLError) and error.args and error.args[0] in LOST_RACES:
                raise StreamConflict("another transaction was faster") from error
            raise Unavailable("the event store did not answer") from error

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


def _duplicate(error: IntegrityError) -> Exception:
    if error.args[0] != ER.DUP_ENTRY:
        return error
    return KeyTaken() if "idempotency_key" in error.args[1] else overtaken()
