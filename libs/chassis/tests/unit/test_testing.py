"""The test helpers of the library end, also when what they run does not."""

import asyncio
from collections.abc import Iterator

import pytest

from chassis.testing import serving


class Endless:
    """A component with a call that never ends."""

    name = "endless"

    def __init__(self) -> None:
        self.is_cancelled = False

    async def serve(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.is_cancelled = True

    async def drain(self) -> None:
        await asyncio.Event().wait()


async def test_component_that_does_not_drain_is_a_timeout() -> None:
    endless = Endless()
    with pytest.raises(TimeoutError):
        async with serving(endless, within=0.01):
            pass
    await asyncio.sleep(0)
    assert endless.is_cancelled


async def test_error_of_the_block_is_kept_when_the_drain_hangs() -> None:
    with pytest.raises(TimeoutError) as late:
        async with serving(Endless(), within=0.01):
            raise AssertionError("the test's own")
    assert "the test's own" in [str(error) for error in contexts(late.value)]


def contexts(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that were handled when this one was raised."""
    while (context := error.__context__) is not None:
        yield context
        error = context
