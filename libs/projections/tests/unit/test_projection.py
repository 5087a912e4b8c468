"""A batch: decoded, the newest per key applied in one go, dead letters set aside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from chassis.problems import Unavailable
from projections.projector import Offset, Projector, Record, Rejected, Undecodable, claim_whole
from tests.support.fakes.fake_view import Put


@dataclass
class Shelf:
    """A view that can be away, or refuse a key."""

    kept: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    is_away: bool = False
    refuses: str = ""

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        return dict.fromkeys(partitions)

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        return await claim_whole(self, log, partitions)

    async def apply(self, changes: Sequence[Put]) -> list[Rejected[Put]]:
        if self.is_away:
            raise Unavailable("shelf")
        self.calls += 1
        self.kept |= {c.key: c.version for c in changes if c.key != self.refuses}
        return [Rejected(c, "refused") for c in changes if c.key == self.refuses]

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None: ...


@dataclass
class Letters:
    put_aside: list[tuple[int, str]] = field(default_factory=list)

    async def put(self, letters: Sequence[tuple[Record, str]]) -> None:
        self.put_aside += [(record.offset, reason) for record, reason in letters]


async def decode(payload: bytes) -> Mapping[str, Any]:
    if payload == b"poison":
        raise Undecodable("poison")
    key, version = payload.decode().split("@")
    return {"key": key, "version": int(version)}


def project(event: Mapping[str, Any]) -> Put:
    return Put(event["key"], event["version"])


def records(*values: bytes | None) -> list[Record]:
    return [Record("log", 0, offset, None, value) for offset, value in enumerate(values)]


async def test_only_the_newest_change_of_a_key_goes_to_the_store_in_one_call() -> None:
    shelf = Shelf()
    await Projector(decode, project, shelf, Letters()).handle(records(b"a@1", b"b@1", b"a@2"))
    assert (shelf.kept, shelf.calls) == ({"a": 2, "b": 1}, 1)


async def test_a_late_repeat_in_a_batch_does_not_win() -> None:
    shelf = Shelf()
    await Projector(decode, project, shelf, Letters()).handle(records(b"a@1", b"a@2", b"a@1"))
    assert shelf.kept == {"a": 2}


async def test_a_poisonous_record_is_set_aside_and_stops_nobody_else() -> None:
    shelf, letters = Shelf(), Letters()
    batch = records(b"a@1", b"poison", b"a@2", b"b@1")
    await Projector(decode, project, shelf, letters).handle(batch)
    assert shelf.kept == {"a": 2, "b": 1}
    assert letters.put_aside == [(1, "poison")]


async def test_what_the_store_rejects_is_set_aside_with_its_reason() -> None:
    shelf, letters = Shelf(refuses="b"), Letters()
    await Projector(decode, project, shelf, letters).handle(records(b"a@1", b"b@1"))
    assert shelf.kept == {"a": 1}
    assert letters.put_aside == [(1, "refused")]


async def test_a_store_that_is_away_is_not_leapt_over() -> None:
    shelf, letters = Shelf(is_away=True), Letters()
    with pytest.raises(Unavailable):
        await Projector(decode, project, shelf, letters).handle(records(b"a@1", b"poison"))
    assert letters.put_aside == []


async def test_tombstones_change_no_view() -> None:
    shelf, letters = Shelf(), Letters()
    await Projector(decode, project, shelf, letters).handle(records(None, None))
    assert (shelf.kept, letters.put_aside) == ({}, [])


async def test_a_bug_stops_everything() -> None:
    def broken(event: Mapping[str, Any]) -> Put:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Projector(decode, broken, Shelf(), Letters()).handle(records(b"a@1"))
