"""What the operator has decided, read from the store about once a second."""

import asyncio
from contextlib import suppress

import structlog
from prometheus_client import Gauge

from chassis.problems import Unavailable
from chassis.process.lifecycle import every
from chassis.stores.errors.calls import warn_unavailable
from projections.generations import Directives, Generations, State

EVERY = 1.0  # seconds between two looks; how long a pause or a switch may take to be obeyed
WITHIN = 5.0  # seconds for one
PAUSED = Gauge("projector_paused", "1 while the projector is paused by an operator.")
GENERATION = Gauge("projector_generation", "Generation of the view that serves reads.")
REBUILD = Gauge(
    "projector_rebuild_records",
    "Records that a rebuild has processed (done) and must process (total); 0: no rebuild.",
    ["state"],
)
log = structlog.get_logger()


class DirectivePoller:
    """Keeps the last known answer while the store is away; a component."""

    name = "operator"

    def __init__(self, generations: Generations) -> None:  # type: ignore[type-arg] # of any change
        self._generations = generations
        self._known: State | None = None
        self._draining = asyncio.Event()

    async def directives(self) -> Directives:
        """The directives as last known; raises Unavailable as long as they never were."""
        return (self._known or await self._look()).directives

    async def serve(self) -> None:
        async for _ in every(EVERY, self._draining):
            with suppress(Unavailable):  # which is logged where the store is called
                await self._look()

    async def drain(self) -> None:
        self._draining.set()

    async def _look(self) -> State:
        try:
            async with asyncio.timeout(WITHIN):
                state = await self._generations.state()
        except TimeoutError:
            reason = f"no response within {WITHIN:.0f} s"
            warn_unavailable("view store", "state", reason)
            raise Unavailable(f"view store is unavailable: {reason}") from None
        if self._known is None or state.directives != self._known.directives:
            log.info("directives changed", orders=state.directives)
        self._known = state
        PAUSED.set(state.paused_at is not None)
        GENERATION.set(int(state.serving))
        REBUILD.labels("done").set(state.done)
        REBUILD.labels("total").set(state.total)
        return state
