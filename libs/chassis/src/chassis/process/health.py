"""Alive and ready: two different questions.

Alive: the event loop answers. Ready: every neighbour we need answers too, and we are not draining.
Freshness and lag never make a service unready: an orchestrator would restart it for ever.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from chassis.observability import error_log
from chassis.observability.log_limit import LogLimit
from chassis.problems import Unavailable

REPORT_EVERY = 10.0  # seconds between two log lines about checks that fail
log = structlog.get_logger()
Check = Callable[[], Awaitable[object]]
"""Returns when the neighbour answers, raises when it does not."""


class Health:
    """Named checks with a time-to-live, so that probes cannot load the neighbours."""

    def __init__(self, checks: Mapping[str, Check], ttl: float = 1.0, timeout: float = 2.0) -> None:
        self._checks = dict(checks)
        self._ttl = ttl
        self._timeout = timeout
        self._lock = asyncio.Lock()
        self._checked_at = float("-inf")
        self._failures: dict[str, str] = {}
        self.is_draining = False
        self._reported = LogLimit(REPORT_EVERY)

    def add(self, name: str, check: Check) -> None:
        """One more check, of what is made after the admin server."""
        self._checks[name] = check

    def turn_off(self) -> None:
        """From now on not ready: the process is about to stop."""
        self.is_draining = True

    async def failures(self) -> dict[str, str]:
        """What is not ready and why, by name; empty when ready."""
        if self.is_draining:
            return {"process": "draining"}
        async with self._lock:
            if time.monotonic() - self._checked_at >= self._ttl:
                await self._check_all()
        return self._failures

    async def _check_all(self) -> None:
        reasons = await asyncio.gather(*map(self._reason, self._checks.values()))
        self._failures = {name: r for name, r in zip(self._checks, reasons, strict=True) if r}
        self._checked_at = time.monotonic()

    async def _reason(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self._timeout):
                await check()
        except Unavailable as problem:
            return problem.detail
        except TimeoutError:
            return f"no response within {self._timeout:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a check raises is its answer
            reason = f"{type(error).__name__}: {error}".removesuffix(": ")
            self._report(error)
            return reason
        return None

    def _report(self, error: Exception) -> None:
        """Log a check that fails for another reason than an unavailable dependency."""
        if (suppressed := self._reported.take("check")) is not None:
            said, stack = error_log.said(error), error_log.stack(error)
            log.error("readiness check failed", error=said, stack=stack, suppressed=suppressed)
