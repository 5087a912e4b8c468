"""Test helpers: wait for conditions, and run components for a while. No mocks."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from chassis.process.components import Component

T = TypeVar("T")


async def eventually(
    probe: Callable[[], Awaitable[T]], within: float = 10.0, every: float = 0.05
) -> T:
    """Retry probe until it raises no AssertionError; raise the last one after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        try:
            return await probe()
        except AssertionError:
            if time.monotonic() >= deadline:
                raise
            await asyncio.sleep(every)


@asynccontextmanager
async def serving(*components: Component, within: float = 30.0) -> AsyncIterator[None]:
    """Run components while the block runs, then drain them in reverse order.

    Raises TimeoutError after `within` seconds: a failed test may leave a call that never ends.
    """
    tasks = [asyncio.create_task(component.serve()) for component in components]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(within):
                for component in reversed(components):
                    await component.drain()
                await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
