"""Several statements in one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asyncmy.errors import IntegrityError

from eventstore.mysql.connections import Connections
from eventstore.ports import StreamConflict


@asynccontextmanager
async def transaction(mysql: Connections, operation: str) -> AsyncIterator[Any]:
    """A cursor between BEGIN and COMMIT; the block's exception rolls back.

    Raises as Connections.cursor does. After any other exception than a refused key or a lost race
    the connection is closed, which rolls back, too.
    """
    async with mysql.cursor(operation) as cursor:
        await cursor.execute("BEGIN")
        try:
            yield cursor
        except (IntegrityError, StreamConflict):
            await cursor.execute("ROLLBACK")
            raise
        await cursor.execute("COMMIT")
