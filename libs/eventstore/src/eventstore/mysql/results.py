"""Results for idempotency keys that appended no event: table command_result.

A key has one first result, an event or a row here, although two tables have a unique key for it.
An append claims its key here in its own transaction, and a row is inserted before the events are
searched for its key. So of two concurrent requests the second waits for the first, on the unique
key of this table, and then finds its result. This does not rely on an isolation level.
"""

from typing import Any, Generic

import msgspec

from eventstore.aggregate import AnyAggregate, E
from eventstore.mysql.connections import Connections, overtaken
from eventstore.mysql.transaction import transaction
from eventstore.ports import CommandContext, KeyTaken, Refusal

CLAIM = "INSERT INTO command_result (idempotency_key, request_hash) VALUES (%s, %s)"
RELEASE = "DELETE FROM command_result WHERE idempotency_key = %s"
INSERT_REFUSAL = (
    "INSERT INTO command_result (idempotency_key, request_hash, refusal) VALUES (%s, %s, %s)"
)
PRUNE = (
    "DELETE FROM command_result WHERE recorded_at <= CURRENT_TIMESTAMP(6) - INTERVAL %s SECOND"
    " ORDER BY recorded_at LIMIT %s"
)


class ResultTable(Generic[E]):
    """The table command_result beside one event table."""

    def __init__(self, aggregate: AnyAggregate[E], mysql: Connections) -> None:
        self._mysql = mysql
        self._id_of = aggregate.id_of
        table, key = aggregate.table, aggregate.id_column
        # Only while the event exists; an erasure waits for this lock, and then finds the row.
        self._insert_event = (
            f"INSERT INTO command_result (idempotency_key, request_hash, {key}, version)"
            f" SELECT %s, %s, {key}, version FROM {table}"
            f" WHERE {key} = %s AND version = %s FOR SHARE"
        )
        self._event_has_key = f"SELECT 1 FROM {table} WHERE idempotency_key = %s"
        # Queried first: most have none, and a DELETE would lock the gap for other results.
        self._has_results = f"SELECT 1 FROM command_result WHERE {key} = %s LIMIT 1"
        self._forget = f"DELETE FROM command_result WHERE {key} = %s"

    async def keep(self, result: E | Refusal, context: CommandContext) -> None:
        """See EventStore.keep."""
        key = (context.idempotency_key, context.request_hash)
        async with transaction(self._mysql, "keep") as cursor:
            if isinstance(result, Refusal):
                await cursor.execute(INSERT_REFUSAL, (*key, msgspec.json.encode(result).decode()))
            elif not await cursor.execute(self._insert_event, (*key, *self._primary_key(result))):
                raise overtaken()
            is_taken = await cursor.execute(self._event_has_key, key[:1])
            if is_taken:
                await cursor.execute("ROLLBACK")
        if is_taken:  # only now: raised inside, the exception would close the connection
            raise KeyTaken

    async def forget(self, cursor: Any, aggregate_id: str) -> None:
        """Remove the results that refer to an aggregate's events, within the erasure."""
        if await cursor.execute(self._has_results, (aggregate_id,)):
            await cursor.execute(self._forget, (aggregate_id,))

    async def prune(self, age: float, limit: int) -> int:
        """See EventStore.prune."""
        async with self._mysql.cursor("prune") as cursor:
            removed: int = await cursor.execute(PRUNE, (age, limit))
            return removed

    def _primary_key(self, event: E) -> tuple[str, int]:
        return self._id_of(event), event.version


async def claim(cursor: Any, context: CommandContext) -> None:
    """Claim a key: other requests with the key wait for this transaction.

    Raises IntegrityError if the key has a result here. The claim leaves no row behind.
    """
    if context.idempotency_key is not None:
        await cursor.execute(CLAIM, (context.idempotency_key, context.request_hash))
        await cursor.execute(RELEASE, (context.idempotency_key,))


def stored_refusal(text: str) -> Refusal:
    """Return a refusal that keep() has stored."""
    return msgspec.json.decode(text, type=Refusal)
