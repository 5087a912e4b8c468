"""Rebalances, a pause and another generation lose nothing on a real Kafka."""

import pytest

from chassis.testing import eventually
from projections import directives
from projections.kafka import lag
from projections.memory.generations import MemoryGenerations
from tests.support.fakes.fake_view import FakeView
from tests.support.fakes.projecting import Log, holds, total

pytestmark = pytest.mark.integration


async def test_when_one_of_two_consumers_leaves_the_other_takes_over(log: Log) -> None:
    view = FakeView()
    async with log.projected_onto(view):
        async with log.projected_onto(view):
            await log.write(*(f"{letter}@1" for letter in "abcdefgh"))
            await holds(view, dict.fromkeys("abcdefgh", 1))
        await log.write(*(f"{letter}@2" for letter in "abcdefgh"))
        await holds(view, dict.fromkeys("abcdefgh", 2))
    assert sum(view.stored_offsets.values()) == 16


async def test_a_pause_outlives_a_restart_and_a_rebalance_and_nothing_is_lost(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directives, "EVERY", 0.1)
    monkeypatch.setattr(lag, "EVERY", 0.1)
    monkeypatch.setattr(lag, "STALLED", 3.0)
    view = FakeView()
    generations = MemoryGenerations(lambda: view)

    async def sees(records: int) -> None:
        assert total(lag.LAG) == records

    async with log.projecting(generations):
        await log.write("a@1")
        await holds(view, {"a": 1})
        await generations.note({"paused_at": "now"})
        await eventually(is_paused)
        await log.write(*(f"{letter}@1" for letter in "bcdefgh"))
        await eventually(lambda: sees(7), within=15)
    async with log.projecting(generations) as consumer:
        async with log.projecting(generations):
            await eventually(lambda: sees(7), within=30)
        await eventually(lambda: sees(7), within=30)
        began = consumer._lag._polled_at

        async def watchdog_s_time_has_passed_twice() -> None:
            assert consumer._lag._polled_at > began + 6

        await eventually(watchdog_s_time_has_passed_twice, within=30)
        await consumer.ready()
        assert view.held == {"a": 1}
        await generations.note({"paused_at": None})
        await holds(view, dict.fromkeys("abcdefgh", 1))


async def is_paused() -> None:
    assert total(directives.PAUSED) == 1


async def test_other_generation_resumes_at_its_own_offsets(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directives, "EVERY", 0.1)
    first, second = FakeView(), FakeView()
    views = iter((first, second))
    generations = MemoryGenerations(lambda: next(views))
    async with log.projecting(generations):
        await log.write("a@1", "b@1")
        await holds(first, {"a": 1, "b": 1})
        await generations.switch("1", "2")
        await holds(second, {"a": 1, "b": 1})
        await log.write("a@2")
        await holds(second, {"a": 2, "b": 1})
    assert first.held == {"a": 1, "b": 1}
