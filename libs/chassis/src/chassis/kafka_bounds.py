"""What is asked of Kafka is answered in time, or it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.errors import KafkaError

from chassis.problems import Unavailable


@asynccontextmanager
async def bounded(within: float, who: str = "kafka") -> AsyncIterator[None]:
    """Raise Unavailable when the block fails at Kafka, or takes more than so many seconds."""
    try:
        async with asyncio.timeout(within):
            yield
    except (KafkaError, TimeoutError) as error:
        raise Unavailable(f"{who}: {error!r}") from error
