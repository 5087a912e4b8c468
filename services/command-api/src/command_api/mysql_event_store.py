"""The event store in MySQL: an append-only table whose primary key decides races.

Nothing here relies on read-then-insert isolation: MySQL's REPEATABLE READ allows lost updates
(jepsen.io, MySQL 8.0.34). A second (user_id, version) is refused by the primary key, and a version
whose predecessor was erased by a locking read in the same statement.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from chassis.batching.group_commit import GroupCommit, Outcome
from chassis.observability import tracing
from chassis.observability.command_metrics import APPEND
from chassis.stores.errors.calls import failed
from chassis.stores.errors.failure import Failure
from command_api import mysql_answers
from command_api.mysql_connections import Connections, overtaken
from command_api.mysql_transaction import transaction
from command_api.ports import Answer, KeyTaken, Request, StreamConflict
from command_api.user import UserEvent

# Quoted, because a field may be called as MySQL or Debezium calls something of its own.
COLUMNS = (
    "`user_id`, `version`, `event_id`, `type`, "
    "`first_name`, `last_name`, "
    "`created_at`, `occurred_at`"
)
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
BY_KEY = (
    f"SELECT {COLUMNS}, request_hash, NULL FROM user_event WHERE idempotency_key = %s"  # noqa: S608 - constants
    f" UNION ALL SELECT {', '.join(f'e.{name}' for name in COLUMNS.split(', '))},"
    " r.request_hash, r.refusal FROM command_result r"
    " LEFT JOIN user_event e ON e.user_id = r.user_id AND e.version = r.version"
    " WHERE r.idempotency_key = %s"
)
HISTORY = (
    f"SELECT {COLUMNS} FROM user_event WHERE user_id = %s AND version > %s"  # noqa: S608 - a constant
    " ORDER BY version LIMIT %s"
)
Row = tuple[object, ...]


class MySQLEventStore:
    """Events in the table user_event, other answers in command_result (see migrations/)."""

    def __init__(self, mysql: Connections, batch: int) -> None:
        """batch: how many first events may share a transaction."""
        self._mysql = mysql
        self.creates = GroupCommit(self._insert_all, batch, mysql.limit)
        """Must be served: it is who stores first events, as many at a time as have gathered."""

    async def newest(self, user_id: str) -> UserEvent | None:
        rows = await self._select("newest", NEWEST, (user_id,))
        return _event(rows[0]) if rows else None

    async def append(self, event: UserEvent, request: Request) -> None:
        with APPEND.time():
            if event.version == 1:
                await self._create(_row(event, request))
            else:
                await self._append_after(event, request)

    async def _create(self, row: Row) -> None:
        # The writer's call belongs to many traces; this is the part of it in the caller's.
        with tracing.client_span("mysql", "append"):
            await self.creates.put(row)

    async def _append_after(self, event: UserEvent, request: Request) -> None:
        row = (*_row(event, request), *_predecessor(event))
        if request.idempotency_key is None:  # one statement is a transaction
            async with self._mysql.cursor("append") as cursor:
                await _insert_after(cursor, row)
        else:
            async with transaction(self._mysql, "append") as cursor:
                await mysql_answers.claim(cursor, request)
                await _insert_after(cursor, row)

    async def _insert_all(self, rows: Sequence[Row]) -> list[Outcome]:
        """One statement, so all or none; after a conflict one by one, to find whose it is."""
        try:
            async with self._mysql.cursor("insert") as cursor:
                await cursor.executemany(INSERT, rows)
        except (StreamConflict, KeyTaken) as conflict:
            if len(rows) == 1:
                return [conflict]
            return [outcome for row in rows for outcome in await self._insert_all([row])]
        return [None] * len(rows)

    async def erase(self, event: UserEvent, request: Request) -> None:
        async with transaction(self._mysql, "erase") as cursor:
            await mysql_answers.claim(cursor, request)
            if not await cursor.execute(LOCK, _predecessor(event)):
                raise overtaken()
            await cursor.execute(REMOVE_EARLIER, (event.user_id, event.version))
            await cursor.execute(INSERT, _row(event, request))
            await mysql_answers.forget(cursor, event.user_id)

    async def keep(self, answer: Answer, request: Request) -> None:
        await mysql_answers.keep(self._mysql, answer, request)

    async def by_key(self, idempotency_key: str) -> list[tuple[Answer, str]]:
        rows = await self._select("by key", BY_KEY, (idempotency_key, idempotency_key))
        return [(_answer(event, refusal), kept) for *event, kept, refusal in rows]

    async def prune(self, age: float, limit: int) -> int:
        return await mysql_answers.prune(self._mysql, age, limit)

    async def history(self, user_id: str, after: int, limit: int) -> list[UserEvent]:
        rows = await self._select("history", HISTORY, (user_id, after, limit))
        return [_event(row) for row in rows]

    async def ping(self) -> None:
        """Return when the database answers and takes writes; raises Unavailable."""
        ((is_read_only,),) = await self._select("ping", "SELECT @@global.read_only", ())
        if is_read_only:
            raise failed("mysql", "ping", Failure("the server is read-only", is_transient=True))

    async def _select(
        self, operation: str, query: str, values: Sequence[object]
    ) -> Sequence[Sequence[Any]]:
        async with self._mysql.cursor(operation) as cursor:
            await cursor.execute(query, values)
            rows: Sequence[Sequence[Any]] = await cursor.fetchall()
            return rows


async def _insert_after(cursor: Any, row: Row) -> None:
    if not await cursor.execute(INSERT_AFTER, row):
        raise overtaken()


def _predecessor(event: UserEvent) -> tuple[str, int]:
    return event.user_id, event.version - 1


def _row(event: UserEvent, request: Request) -> Row:
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


def _answer(row: Sequence[Any], refusal: str | None) -> Answer:
    return _event(row) if refusal is None else mysql_answers.refusal(refusal)


def _event(row: Sequence[Any]) -> UserEvent:
    """From the columns as COLUMNS has them: the last two are times."""
    return UserEvent(*row[:-2], *map(_utc, row[-2:]))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
