"""Reset of the connector's offset, so that it starts with a snapshot of the tables.

It is the remedy when the binary log has rows that the connector cannot read: rows of a table whose
DDL it could not parse, or incomplete rows. Every row of an event store is in its table, so a
snapshot publishes each event that was skipped; subscribers skip known events by their version.
Tested with Debezium 3.6.1: the structure in the schema history is replaced, too.
"""

import asyncio
from collections.abc import Awaitable, Callable

from chassis.pauses import every
from chassis.problems import Unavailable
from connector_supervisor.kafka_connect import Connector

STOPS_WITHIN = 60.0  # seconds for the tasks to end
STARTS_WITHIN = 120.0  # seconds until an offset is committed, which the snapshot's first batch does
POLL_EVERY = 0.5  # seconds
Report = Callable[[str], None]


async def resnapshot(connector: Connector, report: Report) -> None:
    """Stop, reset the offset, resume; return when the snapshot has begun to publish.

    Raises Unavailable when Connect does not answer, or when a step takes too long; it can then be
    called again. Commands are accepted meanwhile, and no acknowledged event is lost.

    The capture check may pause the connector at any step, for what it read before that step:
    Connect has no conditional pause. The step is then done again.
    """

    async def is_stopped() -> bool:
        if await connector.is_paused():
            await connector.stop()
        return await connector.is_stopped()

    async def has_offset() -> bool:
        if await connector.is_paused():
            await connector.resume()
        parts = await connector.parts()
        if failed := [str(part) for part in parts if part.state == "FAILED"]:
            raise Unavailable("; ".join(failed))
        return bool(parts and (await connector.progress()).gtids)

    report("stopping the connector")
    await connector.stop()
    await _until(is_stopped, STOPS_WITHIN, "the connector does not stop")
    report("resetting its offset")
    await connector.forget_offsets()
    report("starting it with a snapshot")
    await connector.resume()
    await _until(has_offset, STARTS_WITHIN, "the snapshot does not begin")


async def _until(condition: Callable[[], Awaitable[bool]], within: float, late: str) -> None:
    reached = asyncio.Event()
    try:
        async with asyncio.timeout(within):
            async for _ in every(POLL_EVERY, reached):
                if await condition():
                    reached.set()
    except TimeoutError as error:
        raise Unavailable(f"{late} within {within:.0f} s") from error
