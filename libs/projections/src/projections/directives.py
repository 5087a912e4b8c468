"""Operator directives, polled from the store about once a second."""

import asyncio
from contextlib import suppress

import structlog
from prometheus_client import Gauge

from chassis.pauses import every
from chassis.problems import Unavailable
from chassis.stores.errors.calls import warn_unavailable
from projections.generations import Directives, Generations, State

EVERY = 1.0  # seconds between two polls; the delay of a pause or a switch
TIMEOUT = 5.0  # seconds for one poll
PAUSED = Gauge("projector_paused", "1 while the projector is paused by an operator.")
GENERATION = Gauge("projector_generation", "Generation of the view that serves reads.")
REBUILD = Gauge(
    "projector_rebuild_records",
    "Records that a rebuild has processed (done) and must process (total); 0: no rebuild.",
    ["state"],
)
log = structlog.get_logger()


class DirectivePoller:
    """Component that polls the directives; keeps the last known ones while the store is down."""

    name = "operator"

    def __init__(self, generations: Generations) -> None:  # type: ignore[type-arg] # of any change
        self._generations = generations
        self._known: State | None = None
        self._draining = asyncio.Event()

    async def directives(self) -> Directives:
        """Return the last known directives; raises Unavailable until the first successful poll."""
        return (self._known or await self._poll()).directives

    async def serve(self) -> None:
        async for _ in every(EVERY, self._draining):
            with suppress(Unavailable):  # the store call logs it
                await self._poll()

    async def drain(self) -> None:
        self._draining.set()

    async def _poll(self) -> State:
        try:
            async with asyncio.timeout(TIMEOUT):
                state = await self._generations.state()
        except TimeoutError:
            reason = f"no response within {TIMEOUT:.0f} s"
            warn_unavailable("view store", "state", reason)
            raise Unavailable(f"view store is unavailable: {reason}") from None
        if self._known is None or state.directives != self._known.directives:
            log.info("directives changed", directives=state.directives)
        self._known = state
        PAUSED.set(state.paused_at is not None)
        GENERATION.set(int(state.serving))
        REBUILD.labels("done").set(state.done)
        REBUILD.labels("total").set(state.total)
        return state
