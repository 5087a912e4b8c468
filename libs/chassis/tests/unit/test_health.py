"""Readiness: every dependency responds in time, and the process is not draining."""

import asyncio

from structlog.testing import capture_logs

from chassis.problems import Unavailable
from chassis.process.health import Health
from chassis.stores.errors.failure import StoreError


async def fine() -> None: ...


async def broken() -> None:
    raise ConnectionError("refused")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_ready_when_every_check_passes() -> None:
    assert await Health({"store": fine}).failures() == {}


async def test_failing_check_is_reported_with_its_reason() -> None:
    failures = await Health({"store": fine, "log": broken}).failures()
    assert failures == {"log": "ConnectionError: refused"}


async def unavailable() -> None:
    raise Unavailable("redis is unavailable: LOADING")


async def refused() -> None:
    raise StoreError("mysql: ping: 1045 Access denied for user")


async def test_a_hanging_check_counts_as_failed() -> None:
    failures = await Health({"store": hanging}, timeout=0.01).failures()
    assert failures == {"store": "no response within 0.01 s"}


async def test_unavailable_dependency_is_named_with_the_drivers_text() -> None:
    failures = await Health({"store": unavailable}).failures()
    assert failures == {"store": "redis is unavailable: LOADING"}


async def test_permanently_failing_check_logs_a_rate_limited_error() -> None:
    health = Health({"store": refused, "other": unavailable}, ttl=0)
    with capture_logs() as logs:
        for _ in range(5):
            assert (await health.failures())["store"].startswith("StoreError: mysql: ping: 1045")
    (line,) = logs
    assert (line["log_level"], line["event"]) == ("error", "readiness check failed")
    assert "1045" in line["error"]


async def test_probes_within_the_time_to_live_share_one_check() -> None:
    calls = 0

    async def count() -> None:
        nonlocal calls
        calls += 1

    health = Health({"store": count}, ttl=60)
    await asyncio.gather(*(health.failures() for _ in range(20)))
    assert calls == 1


async def test_draining_is_not_ready() -> None:
    health = Health({"store": fine})
    health.turn_off()
    assert await health.failures() == {"process": "draining"}
