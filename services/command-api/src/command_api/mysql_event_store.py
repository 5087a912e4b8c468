"""The event store in MySQL: one append-only table, whose primary key decides races.

Nothing here relies on read-then-insert isolation: MySQL's REPEATABLE READ allows lost updates
(jepsen.io, MySQL 8.0.34). A second (user_id, version) is refused by the primary key, and a version
whose predecessor was erased by a locking read in the same statement.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncmy
from asyncmy.constants import ER
from asyncmy.errors import IntegrityError, MySQLError

from chassis import telemetry
from chassis.problems import Unavailable
from command_api.ports import KeyTaken, Request, StreamConflict
from command_api.user import UserEvent

COLUMNS = "user_id, version, event_id, type, first_name, last_name, created_at, occurred_at"
INTO = f"INSERT INTO user_event ({COLUMNS}, idempotency_key, request_hash, traceparent)"
VALUES = "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s"
INSERT = f"{INTO} VALUES ({VALUES})"
# Only after its predecessor: one that was erased meanwhile must not get a late successor.
INSERT_AFTER = (
    f"{INTO} SELECT {VALUES} FROM user_event WHERE user_id = %s AND version = %s FOR SHARE"  # noqa: S608 - constants
)
LOCK = "SELECT version FROM user_event WHERE user_id = %s AND version = %s FOR UPDATE"
REMOVE_EARLIER = "DELETE FROM user_event WHERE user_id = %s AND version < %s"
NEWEST = f"SELECT {COLUMNS} FROM user_event WHERE user_id = %s ORDER BY version DESC LIMIT 1"  # noqa: S608 - a constant
BY_KEY = f"SELECT {COLUMNS}, request_hash FROM user_event WHERE idempotency_key = %s"  # noqa: S608 - a constant
HISTORY = (
    f"SELECT {COLUMNS} FROM user_event WHERE user_id = %s AND version > %s"  # noqa: S608 - a constant
    " ORDER BY version LIMIT %s"
)
SESSION = "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 2"
LOST_RACES = {ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT}


class MySQLEventStore:
    """Events in the table user_event (see migrations/), through a bounded pool of connections."""

    def __init__(self, pool: asyncmy.Pool, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout  # seconds for a whole call, waiting for a connection included

    async def newest(self, user_id: str) -> UserEvent | None:
        rows = await self._select("newest", NEWEST, (user_id,))
        return _event(rows[0]) if rows else None

    async def append(self, event: UserEvent, request: Request) -> None:
        row = _row(event, request)
        async with self._cursor("append") as cursor:
            if event.version == 1:
                await cursor.execute(INSERT, row)
            elif not await cursor.execute(INSERT_AFTER, (*row, *_predecessor(event))):
                raise _overtaken()

    async def erase(self, event: UserEvent, request: Request) -> None:
        async with self._cursor("erase") as cursor:
            await cursor.execute("BEGIN")
            try:
                if not await cursor.execute(LOCK, _predecessor(event)):
                    raise _overtaken()
                await cursor.execute(REMOVE_EARLIER, (event.user_id, event.version))
                await cursor.execute(INSERT, _row(event, request))
                await cursor.execute("COMMIT")
            except (IntegrityError, StreamConflict):
                await cursor.execute("ROLLBACK")
                raise

    async def by_key(self, idempotency_key: str) -> tuple[UserEvent, str] | None:
        rows = await self._select("by key", BY_KEY, (idempotency_key,))
        return (_event(rows[0][:-1]), rows[0][-1]) if rows else None

    async def history(self, user_id: str, after: int, limit: int) -> list[UserEvent]:
        rows = await self._select("history", HISTORY, (user_id, after, limit))
        return [_event(row) for row in rows]

    async def ping(self) -> None:
        """Return when the database answers; raises Unavailable."""
        await self._select("ping", "SELECT 1", ())

    async def _select(
        self, operation: str, query: str, values: Sequence[object]
    ) -> Sequence[Sequence[Any]]:
        async with self._cursor(operation) as cursor:
            await cursor.execute(query, values)
            rows: Sequence[Sequence[Any]] = await cursor.fetchall()
            return rows

    @asynccontextmanager
    async def _cursor(self, operation: str) -> AsyncIterator[Any]:
        try:
            with telemetry.store_call("mysql", operation):
                async with (
                    asyncio.timeout(self._timeout),
                    self._connection() as connection,
                    connection.cursor() as cursor,
                ):
                    yield cursor
        except IntegrityError as error:
            raise _duplicate(error) from error
        except (MySQLError, OSError, TimeoutError) as error:
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
    *, host: str, port: int, database: str, user: str, password: str, size: int, limit: float
) -> AsyncIterator[MySQLEventStore]:
    """A store with a pool of at most `size` connections; opens them as they are needed.

    limit: seconds for any call, waiting for a connection included.
    """
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
    )
    try:
        yield MySQLEventStore(pool, limit)
    finally:
        pool.terminate()
        await pool.wait_closed()


def _duplicate(error: IntegrityError) -> Exception:
    if error.args[0] != ER.DUP_ENTRY:
        return error
    if "idempotency_key" in error.args[1]:
        return KeyTaken()
    return _overtaken()


def _overtaken() -> StreamConflict:
    return StreamConflict("somebody else changed the user at the same moment")


def _predecessor(event: UserEvent) -> tuple[str, int]:
    return event.user_id, event.version - 1


def _row(event: UserEvent, request: Request) -> tuple[object, ...]:
    return (
        event.user_id,
        event.version,
        event.event_id,
        event.type,
        event.first_name,
        event.last_name,
        event.created_at.replace(tzinfo=None),
        event.occurred_at.replace(tzinfo=None),
        request.idempotency_key,
        request.request_hash,
        request.traceparent,
    )


def _event(row: Sequence[Any]) -> UserEvent:
    user_id, version, event_id, type_, first, last, created_at, occurred_at = row
    return UserEvent(
        user_id, version, event_id, type_, first, last, _utc(created_at), _utc(occurred_at)
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
