"""A rebuild on a real Kafka: a new generation is filled, and then serves."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from chassis.testing import eventually
from projections import directives
from projections.generations import OperationRefused, State
from projections.memory.generations import MemoryGenerations
from projections.rebuild import progress, rebuild
from tests.support.fakes.fake_view import FakeView, Put
from tests.support.fakes.projecting import Log, first_dead_letter

pytestmark = pytest.mark.integration


async def rebuilt(log: Log, generations: MemoryGenerations[Put], **options: bool) -> list[str]:
    """The reported lines."""
    reported: list[str] = []
    async with log.projection(generations) as projection:
        await rebuild.run(projection, rebuild.RebuildOptions(**options), reported.append)
    return reported


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directives, "EVERY", 0.1)
    monkeypatch.setattr(progress, "POLL_EVERY", 0.1)
    monkeypatch.setattr(rebuild, "SETTLE", 0.5)


@pytest.mark.usefixtures("hurried")
async def test_rebuild_fills_a_new_generation_switches_and_goes_back(log: Log) -> None:
    views: list[FakeView] = []

    def another() -> FakeView:
        views.append(FakeView())
        return views[-1]

    generations = MemoryGenerations(another)
    async with log.projecting(generations):
        await log.write("a@1", "b@1")
        await eventually(lambda: at(views, 0, {"a": 1, "b": 1}), within=30)
        reported = await rebuilt(log, generations)
        assert any("2 of 2 records" in line for line in reported)
        assert await generations.state() == State("2", "1", frozenset({"1", "2"}))
        await log.write("a@2", "c@1")
        second = generations.views("2")
        await eventually(lambda: at([second], 0, {"a": 2, "b": 1, "c": 1}), within=30)
        await rebuilt(log, generations, back=True)
        state = await generations.state()
        assert (state.serving, state.previous) == ("1", "2")
        await at(views, 0, {"a": 2, "b": 1, "c": 1})
        await rebuilt(log, generations)
    assert await generations.state() == State("3", "1", frozenset({"1", "3"}))


async def at(views: Sequence[Any], number: int, expected: dict[str, int]) -> None:
    assert views
    assert views[number].held == expected


@pytest.mark.usefixtures("hurried")
async def test_rebuild_with_dead_letters_switches_only_on_request(log: Log) -> None:
    generations: MemoryGenerations[Put] = MemoryGenerations(FakeView)
    await log.write("a@1", "poison@1", "poison@2")
    with pytest.raises(OperationRefused, match=r"2 records \(2 invalid record\)"):
        await rebuilt(log, generations)
    assert (await generations.state()).dead_letters == 2
    with pytest.raises(OperationRefused, match="in an earlier run"):
        await rebuilt(log, generations)
    await rebuilt(log, generations, accept_dead_letters=True)
    assert (await generations.state()).serving == "2"


@pytest.mark.usefixtures("hurried")
async def test_a_record_rejected_while_the_new_generation_leads_prevents_the_switch(
    log: Log,
) -> None:
    generations: MemoryGenerations[Put] = MemoryGenerations(FakeView)
    await log.write("a@1")

    async def poisoned() -> None:
        await eventually(lambda: leads(generations, "2"), within=30)
        await log.write("poison@1")

    with pytest.raises(OperationRefused, match="1 records"):
        await asyncio.gather(rebuilt(log, generations), poisoned())
    state = await generations.state()
    assert (state.serving, state.leading, state.dead_letters) == ("1", None, 1)
    await rebuilt(log, generations, accept_dead_letters=True)
    assert (await generations.state()).serving == "2"


@pytest.mark.usefixtures("hurried")
async def test_record_rejected_after_the_switch_is_a_reported_dead_letter(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The projector is not running yet, and starts after the record."""
    monkeypatch.setattr(rebuild, "SETTLE", 3.0)  # so that a busy machine reads it in time
    generations: MemoryGenerations[Put] = MemoryGenerations(FakeView)
    await log.write("a@1")

    async def poisoned() -> None:
        await eventually(lambda: serves(generations, "2"), within=30)
        await log.write("poison@1")

    reported, _ = await asyncio.gather(rebuilt(log, generations), poisoned())
    assert any("1 records could not be applied during the switch" in line for line in reported)
    assert (await first_dead_letter(log)).value == b"poison@1"


async def leads(generations: MemoryGenerations[Put], generation: str) -> None:
    assert (await generations.state()).leading == generation


async def serves(generations: MemoryGenerations[Put], generation: str) -> None:
    assert (await generations.state()).serving == generation


@pytest.mark.usefixtures("hurried")
async def test_rebuild_back_without_a_previous_generation_is_refused(log: Log) -> None:
    with pytest.raises(OperationRefused, match="no previous generation"):
        await rebuilt(log, MemoryGenerations(FakeView), back=True)
