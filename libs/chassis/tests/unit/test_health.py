"""Ready means that every neighbour answers, in time, and that we are not draining."""

import asyncio

from chassis.health import Health


async def fine() -> None: ...


async def broken() -> None:
    raise ConnectionError("refused")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_ready_when_every_check_answers() -> None:
    assert await Health({"store": fine}).failures() == {}


async def test_the_reason_is_named() -> None:
    failures = await Health({"store": fine, "log": broken}).failures()
    assert failures == {"log": "ConnectionError: refused"}


async def test_a_hanging_check_counts_as_failed() -> None:
    assert list(await Health({"store": hanging}, timeout=0.01).failures()) == ["store"]


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
