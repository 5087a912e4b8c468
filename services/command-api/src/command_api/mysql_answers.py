"""The first answers to idempotency keys that are no events of their own: table command_result.

A key has one first answer, an event or a row here, although two tables have a unique key for it.
An append claims its key here in its own transaction, and a row is inserted before the events are
searched for its key. So of two that come at once the second waits for the first, on the unique key
of this table, and then finds what it has done. No isolation level is relied on.
"""

from typing import Any

import msgspec

from command_api.mysql_connections import Connections, overtaken
from command_api.mysql_transaction import transaction
from command_api.ports import KeyTaken, Refusal, Request
from command_api.user import UserEvent

CLAIM = "INSERT INTO command_result (idempotency_key, request_hash) VALUES (%s, %s)"
RELEASE = "DELETE FROM command_result WHERE idempotency_key = %s"
INSERT_REFUSAL = (
    "INSERT INTO command_result (idempotency_key, request_hash, refusal) VALUES (%s, %s, %s)"
)
# Only while the event is there; an erasure waits for this lock, and then finds the row.
INSERT_EVENT = (
    "INSERT INTO command_result (idempotency_key, request_hash, user_id, version)"
    " SELECT %s, %s, user_id, version FROM user_event"
    " WHERE user_id = %s AND version = %s FOR SHARE"
)
EVENT_HAS_KEY = "SELECT 1 FROM user_event WHERE idempotency_key = %s"
# Asked first: most users have none, and a DELETE would lock the gap for other users' answers.
HAS_ANSWERS = "SELECT 1 FROM command_result WHERE user_id = %s LIMIT 1"
FORGET = "DELETE FROM command_result WHERE user_id = %s"
PRUNE = (
    "DELETE FROM command_result WHERE recorded_at <= CURRENT_TIMESTAMP(6) - INTERVAL %s SECOND"
    " ORDER BY recorded_at LIMIT %s"
)


async def keep(mysql: Connections, answer: UserEvent | Refusal, request: Request) -> None:
    """See EventStore.keep."""
    key = (request.idempotency_key, request.request_hash)
    async with transaction(mysql, "keep") as cursor:
        if isinstance(answer, Refusal):
            await cursor.execute(INSERT_REFUSAL, (*key, msgspec.json.encode(answer).decode()))
        elif not await cursor.execute(INSERT_EVENT, (*key, answer.user_id, answer.version)):
            raise overtaken()
        is_taken = await cursor.execute(EVENT_HAS_KEY, key[:1])
        if is_taken:
            await cursor.execute("ROLLBACK")
    if is_taken:  # only now: an exception of ours would close the connection
        raise KeyTaken


async def claim(cursor: Any, request: Request) -> None:
    """Refuse a key that has an answer here, and make others with the key wait for this transaction.

    Raises IntegrityError for the unique key. Nothing of the claim is left after the transaction.
    """
    if request.idempotency_key is not None:
        await cursor.execute(CLAIM, (request.idempotency_key, request.request_hash))
        await cursor.execute(RELEASE, (request.idempotency_key,))


async def forget(cursor: Any, user_id: str) -> None:
    """Remove the answers that refer to a user's events, after those events in one transaction."""
    if await cursor.execute(HAS_ANSWERS, (user_id,)):
        await cursor.execute(FORGET, (user_id,))


async def prune(mysql: Connections, age: float, limit: int) -> int:
    """See EventStore.prune."""
    async with mysql.cursor("prune") as cursor:
        removed: int = await cursor.execute(PRUNE, (age, limit))
        return removed


def refusal(text: str) -> Refusal:
    """The refusal as keep() has stored it."""
    return msgspec.json.decode(text, type=Refusal)
