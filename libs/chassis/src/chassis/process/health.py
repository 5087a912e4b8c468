"""Liveness and readiness.

Alive: the event loop responds. Ready: every required dependency responds, too, and the process is
not draining. Freshness and lag never make a service unready: an orchestrator would restart it for
ever.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from chassis.observability import error_log
from chassis.observability.log_limit import LogLimit
from chassis.problems import Unavailable

REPORT_EVERY = 10.0  # seconds between two log lines about failing checks
log = structlog.get_logger()
Check = Callable[[], Awaitable[object]]
"""Return if the dependency responds, raise otherwise."""


class Readiness(Protocol):
    """Whether a process is ready."""

    def turn_off(self) -> None:
        """Report "not ready" from now on: the process is about to stop."""

    async def failures(self) -> Mapping[str, str]:
        """Return the failing checks by name, with the reasons; empty when ready."""


class Health:
    """Implements Readiness by named checks; cached, so that probes cannot load dependencies."""

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
        """Add the check of a component that is created after the admin server."""
        self._checks[name] = check

    def turn_off(self) -> None:
        self.is_draining = True

    async def failures(self) -> dict[str, str]:
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
        except Exception as error:  # noqa: BLE001 - whatever a check raises is its result
            reason = f"{type(error).__name__}: {error}".removesuffix(": ")
            self._report(error)
            return reason
        return None

    def _report(self, error: Exception) -> None:
        """Log a check that fails for a reason other than an unavailable dependency."""
        if (suppressed := self._reported.take("check")) is not None:
            message, stack = error_log.message(error), error_log.stack(error)
            log.error("readiness check failed", error=message, stack=stack, suppressed=suppressed)
