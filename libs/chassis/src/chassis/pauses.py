"""Pauses that an event ends, so that a process can stop during them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress


async def pause(seconds: float, until: asyncio.Event) -> None:
    """Return after so many seconds, or as soon as the event is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)


async def every(seconds: float, until: asyncio.Event) -> AsyncIterator[None]:
    """Yield at once and then `seconds` after each turn, until the event is set."""
    while not until.is_set():
        yield
        await pause(seconds, until)
