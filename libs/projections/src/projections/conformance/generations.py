"""Conformance suite of a view's generations; see projections.generations."""

from dataclasses import dataclass
from typing import Any, Generic

import pytest

from projections.conformance.changes import ANN, LOG, C, Changes
from projections.generations import Directives, Generations, OperationRefused, State


@dataclass(frozen=True)
class GenerationsUnderTest(Generic[C]):
    """The generations of a view in an empty store."""

    generations: Generations[C]
    changes: Changes[C]


Subject = GenerationsUnderTest[Any]


async def test_initially_generation_1_serves_without_directives(subject: Subject) -> None:
    assert await subject.generations.state() == State(kept=frozenset({"1"}))


async def test_note_is_kept_until_it_is_reset(subject: Subject) -> None:
    generations = subject.generations
    await generations.note({"paused_at": "2026-01-01T00:00:00Z", "done": 3})
    await generations.note({"total": 7})
    state = await generations.state()
    assert (state.paused_at, state.done, state.total) == ("2026-01-01T00:00:00Z", 3, 7)
    assert state.directives == Directives("1", None, is_paused=True)
    await generations.note({"paused_at": None, "done": None})
    assert await generations.state() == State(kept=frozenset({"1"}), total=7)


async def test_only_one_generation_is_built_at_a_time(subject: Subject) -> None:
    generations = subject.generations
    await generations.add("2")
    await generations.add("2")
    state = await generations.state()
    assert state == State(kept=frozenset({"1", "2"}), building="2")
    with pytest.raises(OperationRefused, match="2"):
        await generations.add("3")


async def test_each_generation_has_its_own_offsets(subject: Subject) -> None:
    generations = subject.generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.views("1").advance(LOG, {0: (None, 5)})
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}
    await generations.views("2").advance(LOG, {0: (None, 3)})
    assert await generations.views("1").offsets(LOG, [0]) == {0: 5}


async def test_switch_ends_the_build_and_can_be_reversed(subject: Subject) -> None:
    generations = subject.generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.note({"done": 5, "total": 5, "dead_letters": 1, "leading": "2"})
    assert (await generations.state()).directives == Directives("1", "2")
    await generations.switch("1", "2")
    assert await generations.state() == State("2", "1", frozenset({"1", "2"}))
    await generations.switch("2", "1")
    assert await generations.state() == State("1", "2", frozenset({"1", "2"}))


async def test_a_late_switch_is_refused(subject: Subject) -> None:
    generations = subject.generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.switch("1", "2")
    await generations.switch("1", "2")  # a repeat is not late
    await generations.add("3")
    with pytest.raises(OperationRefused, match="generation 2 serves, not 1"):
        await generations.switch("1", "3")
    assert (await generations.state()).serving == "2"


async def test_a_pause_outlives_a_switch(subject: Subject) -> None:
    generations = subject.generations
    await generations.views("1").offsets(LOG, [])
    await generations.note({"paused_at": "2026-01-01T00:00:00Z"})
    await generations.add("2")
    await generations.switch("1", "2")
    assert (await generations.state()).directives == Directives("2", is_paused=True)


async def test_a_dropped_generation_leaves_nothing(subject: Subject) -> None:
    generations = subject.generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.views("2").apply([subject.changes.put(ANN, 1)])
    await generations.views("2").advance(LOG, {0: (None, 5)})
    await generations.drop("2")
    await generations.drop("2")
    assert (await generations.state()).kept == {"1"}
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}
