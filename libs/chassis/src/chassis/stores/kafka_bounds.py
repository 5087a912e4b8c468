"""Kafka calls with a timeout and classified errors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.stores.errors import kafka
from chassis.stores.errors.calls import translated


@asynccontextmanager
async def bounded(within: float, dependency: str = "kafka") -> AsyncIterator[None]:
    """Bound a block by so many seconds; raises Unavailable, or StoreError if it is permanent."""
    with translated(dependency, "request", kafka.classify):
        async with asyncio.timeout(within):
            yield
