"""Directives of the operator, read from the view's store."""

import asyncio
from typing import Any

import pytest

from chassis.problems import Unavailable
from projections import directives
from projections.directives import DirectivePoller


class Hangs:
    """Generations whose store accepts a request and never responds."""

    async def state(self) -> None:
        await asyncio.Event().wait()


async def test_store_that_does_not_respond_is_unavailable_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directives, "TIMEOUT", 0.05)
    generations: Any = Hangs()
    with pytest.raises(Unavailable, match="no response within"):
        async with asyncio.timeout(5):
            await DirectivePoller(generations).directives()
