"""Event store in MySQL: an append-only table whose primary key decides races.

Nothing here relies on read-then-insert isolation: MySQL's REPEATABLE READ allows lost updates
(jepsen.io, MySQL 8.0.34). The primary key rejects a second (id, version). A locking read in the
same statement rejects a version whose predecessor was erased.
"""

from collections.abc import Sequence
from typing import Any, Generic

from chassis.batching.group_commit import GroupCommit, Outcome
from chassis.observability import tracing
from chassis.stores.errors.calls import failed
from chassis.stores.errors.failure import Failure
from eventstore.aggregate import AnyAggregate, E
from eventstore.metrics import APPEND
from eventstore.mysql.connections import Connections, overtaken
from eventstore.mysql.results import ResultTable, claim, stored_refusal
from eventstore.mysql.table import EventTable, Row
from eventstore.mysql.transaction import transaction
from eventstore.ports import CommandContext, KeyTaken, Refusal, StreamConflict


class MySQLEventStore(Generic[E]):
    """Implements EventStore: events in `<name>_event`, other results in command_result.

    The columns and keys are those of command-api's migrations.
    """

    def __init__(self, aggregate: AnyAggregate[E], mysql: Connections, batch: int) -> None:
        """batch: maximum number of first events in one transaction."""
        self._mysql = mysql
        self._table = EventTable(aggregate)
        self._results = ResultTable(aggregate, mysql)
        self.keep = self._results.keep
        self.prune = self._results.prune
        self.creates = GroupCommit(self._insert_all, batch, mysql.limit)
        """A component that must be served: it stores first events, in batches."""

    async def newest(self, aggregate_id: str) -> E | None:
        rows = await self._select("newest", self._table.newest, (aggregate_id,))
        return self._table.event(rows[0]) if rows else None

    async def append(self, event: E, context: CommandContext) -> None:
        with APPEND.time():
            if event.version == 1:
                await self._create(self._table.row(event, context))
            else:
                await self._append_after(event, context)

    async def erase(self, event: E, context: CommandContext) -> None:
        aggregate_id = self._table.id_of(event)
        async with transaction(self._mysql, "erase") as cursor:
            await claim(cursor, context)
            if not await cursor.execute(self._table.lock, self._table.predecessor(event)):
                raise overtaken()
            await cursor.execute(self._table.remove_earlier, (aggregate_id, event.version))
            await cursor.execute(self._table.insert, self._table.row(event, context))
            await self._results.forget(cursor, aggregate_id)

    async def results(self, idempotency_key: str) -> list[tuple[E | Refusal, str]]:
        rows = await self._select("by key", self._table.results, [idempotency_key] * 2)
        return [(self._result(event, refusal), kept) for *event, kept, refusal in rows]

    async def history(self, aggregate_id: str, after: int, limit: int) -> list[E]:
        rows = await self._select("history", self._table.history, (aggregate_id, after, limit))
        return [self._table.event(row) for row in rows]

    async def ping(self) -> None:
        """Return if the database responds and accepts writes; raises Unavailable."""
        ((is_read_only,),) = await self._select("ping", "SELECT @@global.read_only", ())
        if is_read_only:
            raise failed("mysql", "ping", Failure("the server is read-only", is_transient=True))

    async def _create(self, row: Row) -> None:
        # The batch belongs to many traces; this span is its part in the caller's trace.
        with tracing.client_span("mysql", "append"):
            await self.creates.put(row)

    async def _insert_all(self, rows: Sequence[Row]) -> list[Outcome]:
        """Insert all rows in one atomic statement; after a conflict one by one, to find it."""
        try:
            async with self._mysql.cursor("insert") as cursor:
                await cursor.executemany(self._table.insert, rows)
        except (StreamConflict, KeyTaken) as conflict:
            if len(rows) == 1:
                return [conflict]
            return [outcome for row in rows for outcome in await self._insert_all([row])]
        return [None] * len(rows)

    async def _append_after(self, event: E, context: CommandContext) -> None:
        row = (*self._table.row(event, context), *self._table.predecessor(event))
        if context.idempotency_key is None:  # one statement is a transaction
            async with self._mysql.cursor("append") as cursor:
                await self._insert_after(cursor, row)
        else:
            async with transaction(self._mysql, "append") as cursor:
                await claim(cursor, context)
                await self._insert_after(cursor, row)

    async def _insert_after(self, cursor: Any, row: Row) -> None:
        if not await cursor.execute(self._table.insert_after, row):
            raise overtaken()

    def _result(self, row: Sequence[Any], refusal: str | None) -> E | Refusal:
        return self._table.event(row) if refusal is None else stored_refusal(refusal)

    async def _select(
        self, operation: str, query: str, values: Sequence[object]
    ) -> Sequence[Sequence[Any]]:
        async with self._mysql.cursor(operation) as cursor:
            await cursor.execute(query, values)
            rows: Sequence[Sequence[Any]] = await cursor.fetchall()
            return rows
