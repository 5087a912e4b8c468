"""Work of a consumer that is repeated while a dependency is unavailable."""

from collections.abc import Awaitable, Callable

import stamina
from prometheus_client import Counter

from chassis.problems import Unavailable
from projections.kafka.lag import LagMonitor

RETRIES = Counter(
    "projector_retries_total", "Batches retried because a dependency was unavailable."
)


class Abandoned(Exception):
    """The partition was reassigned, or the consumer drains; its next owner reads the batch."""


class DependencyRetries:
    """Repeats an action, and keeps why a dependency is unavailable: None while none is."""

    reason: str | None = None

    def __init__(self, lag: LagMonitor) -> None:
        self._lag = lag

    async def until_done(
        self, action: Callable[[], Awaitable[None]], is_ours: Callable[[], bool]
    ) -> None:
        """Repeat action while a dependency is unavailable; raises Abandoned once it is not ours."""
        async for attempt in stamina.retry_context(
            on=Unavailable,
            attempts=None,
            timeout=None,
            wait_initial=0.1,
            wait_jitter=0.1,
            wait_max=5.0,
        ):
            if not is_ours():
                raise Abandoned
            with attempt:
                try:
                    await action()
                except Unavailable as problem:
                    self.failed(problem)
                    await self._lag.look(may_rest=True)
                    raise
        self.reason = None
        self._lag.progressed()

    def failed(self, problem: Unavailable) -> None:
        """A call to a dependency failed, and will be repeated."""
        self.reason = problem.detail
        RETRIES.inc()
