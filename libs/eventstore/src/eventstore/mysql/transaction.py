"""Several statements in one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asyncmy.errors import IntegrityError

from eventstore.mysql.connections import Connections
from eventstore.ports import StreamConflict


@asynccontextmanager
async def transaction(mysql: Connections, operation: str) -> AsyncIterator[Any]:
    """Yield a cursor between BEGIN and COMMIT; an exception of the block rolls back.

    Raises as Connections.cursor does. After any exception except a duplicate key or a lost race the
    connection is closed, which rolls back, too.
    """
    async with mysql.cursor(operation) as cursor:
        await cursor.execute("BEGIN")
        try:
            yield cursor
        except (IntegrityError, StreamConflict):
            await cursor.execute("ROLLBACK")
            raise
        await cursor.execute("COMMIT")
