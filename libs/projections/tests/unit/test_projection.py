"""A batch is decoded, the newest change per key applied in one call, dead letters written."""

from collections.abc import Mapping
from typing import Any

import pytest

from chassis.problems import Unavailable
from projections.memory.dead_letters import MemoryDeadLetters
from projections.ports import Projection, Record, Undecodable
from projections.projector import Projector
from tests.support.fakes.fake_view import FakeView, Put


async def decode(payload: bytes) -> Mapping[str, Any]:
    if payload == b"poison":
        raise Undecodable("poison")
    key, version = payload.decode().split("@")
    return {"key": key, "version": int(version)}


def read(event: Mapping[str, Any]) -> Put:
    return Put(event["key"], event["version"])


project = Projection(read, lambda put: put)


def put_aside(dead_letters: MemoryDeadLetters) -> list[tuple[int, str]]:
    return [(dead_letter.record.offset, dead_letter.reason) for dead_letter in dead_letters.held]


def records(*values: bytes | None) -> list[Record]:
    return [Record("log", 0, offset, None, value) for offset, value in enumerate(values)]


async def test_only_the_newest_change_of_a_key_goes_to_the_store_in_one_call() -> None:
    view = FakeView()
    await Projector(decode, project, view, MemoryDeadLetters()).handle(
        records(b"a@1", b"b@1", b"a@2")
    )
    assert (view.held, len(view.batches)) == ({"a": 2, "b": 1}, 1)


async def test_a_late_repeat_in_a_batch_does_not_win() -> None:
    view = FakeView()
    await Projector(decode, project, view, MemoryDeadLetters()).handle(
        records(b"a@1", b"a@2", b"a@1")
    )
    assert view.held == {"a": 2}


async def test_poison_record_becomes_a_dead_letter_and_others_are_applied() -> None:
    view, dead_letters = FakeView(), MemoryDeadLetters()
    batch = records(b"a@1", b"poison", b"a@2", b"b@1")
    await Projector(decode, project, view, dead_letters).handle(batch)
    assert view.held == {"a": 2, "b": 1}
    assert put_aside(dead_letters) == [(1, "poison")]


async def test_rejected_change_becomes_a_dead_letter_with_its_reason() -> None:
    view, dead_letters = FakeView(refuses="b"), MemoryDeadLetters()
    await Projector(decode, project, view, dead_letters).handle(records(b"a@1", b"b@1"))
    assert view.held == {"a": 1}
    assert put_aside(dead_letters) == [(1, "refused")]


async def test_unavailable_store_raises_and_writes_no_dead_letter() -> None:
    view, dead_letters = FakeView(is_unavailable=True), MemoryDeadLetters()
    with pytest.raises(Unavailable):
        await Projector(decode, project, view, dead_letters).handle(records(b"a@1", b"poison"))
    assert put_aside(dead_letters) == []


async def test_tombstones_change_no_view() -> None:
    view, dead_letters = FakeView(), MemoryDeadLetters()
    await Projector(decode, project, view, dead_letters).handle(records(None, None))
    assert (view.held, put_aside(dead_letters)) == ({}, [])


async def test_a_bug_stops_everything() -> None:
    def broken(event: Mapping[str, Any]) -> Put:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Projector(
            decode, Projection(broken, lambda put: put), FakeView(), MemoryDeadLetters()
        ).handle(records(b"a@1"))


async def test_only_the_newest_event_of_a_key_is_turned_into_a_change() -> None:
    turned: list[Put] = []

    def change(put: Put) -> Put:
        turned.append(put)
        return put

    view = FakeView()
    await Projector(decode, Projection(read, change), view, MemoryDeadLetters()).handle(
        records(b"a@1", b"a@2", b"a@3")
    )
    assert (view.held, [put.version for put in turned]) == ({"a": 3}, [3])
