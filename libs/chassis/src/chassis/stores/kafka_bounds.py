"""Calls to Kafka with a deadline, their errors classified."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.stores.errors import kafka
from chassis.stores.errors.calls import translated


@asynccontextmanager
async def bounded(within: float, who: str = "kafka") -> AsyncIterator[None]:
    """Bound a block by so many seconds; raises Unavailable, and StoreError for what never heals."""
    with translated(who, "request", kafka.classify):
        async with asyncio.timeout(within):
            yield
