"""Retries of a consumer's work while a dependency is unavailable."""

from collections.abc import Awaitable, Callable

import stamina
from prometheus_client import Counter

from chassis.problems import Unavailable
from projections.kafka.lag import LagMonitor

NOT_YET = "the consumer has not joined its group yet"
RETRIES = Counter(
    "projector_retries_total", "Batches retried because a dependency was unavailable."
)


class Abandoned(Exception):
    """The partition was reassigned, or the consumer drains; its next owner reads the batch."""


class DependencyRetries:
    """Retries an action; `reason`: why a dependency is unavailable, None if none is.

    Until the first success it is unknown whether the dependencies are available.
    """

    def __init__(self, lag: LagMonitor) -> None:
        self._lag = lag
        self.reason: str | None = NOT_YET

    async def until_done(
        self, action: Callable[[], Awaitable[None]], is_ours: Callable[[], bool]
    ) -> None:
        """Retry action while a dependency is unavailable; raises Abandoned unless is_ours()."""
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
                    await self._lag.poll(may_rest=True)
                    raise
        self.reason = None
        self._lag.progressed()

    def failed(self, problem: Unavailable) -> None:
        """Record a failed call to a dependency, which will be retried."""
        self.reason = problem.detail
        RETRIES.inc()
