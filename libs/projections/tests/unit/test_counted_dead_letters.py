"""What only a new generation rejects is on the dead-letter topic, once."""

from collections.abc import Sequence

import pytest

from chassis.stores.kafka import Brokers
from projections.dead_letters import DeadLetters
from projections.generations import Directives, OperationRefused
from projections.memory.dead_letters import MemoryDeadLetters
from projections.memory.generations import MemoryGenerations
from projections.ports import Handle, Record, Views
from projections.projector import Projector
from projections.rebuild import counted_dead_letters
from projections.rebuild.counted_dead_letters import CountedDeadLetters, known, taken_by
from projections.spec import ProjectorSpec
from tests.support.fakes.fake_view import PROJECTION, FakeView, Put, decode

ONE, TWO, THREE, FOUR, FIVE = (
    Record("events", 0, number, b"a", f"a@{number + 1}".encode()) for number in range(5)
)
POISON = Record("events", 0, 9, b"poison", b"poison@1")


@pytest.fixture
def view() -> FakeView:
    """The generation that serves."""
    return FakeView()


@pytest.fixture
def topic() -> MemoryDeadLetters:
    return MemoryDeadLetters()


def counted(view: FakeView, topic: MemoryDeadLetters) -> CountedDeadLetters:
    def handler(views: Views[Put], dead_letters: DeadLetters) -> Handle:
        return Projector(decode, PROJECTION, views, dead_letters).handle

    generations = MemoryGenerations(lambda: view)
    spec = ProjectorSpec(Brokers(""), "events", "group", generations, handler, topic)
    return CountedDeadLetters(0, topic, taken_by(spec, Directives("1")))


def rejected(*records: Record) -> Sequence[tuple[Record, str]]:
    return [(record, "mapper_parsing_exception: x") for record in records]


async def sources(topic: MemoryDeadLetters) -> list[Record]:
    return [dead_letter.record async for dead_letter in topic.dead_letters()]


async def test_record_that_the_serving_generation_takes_is_a_dead_letter(
    view: FakeView, topic: MemoryDeadLetters
) -> None:
    await view.apply([Put("a", 3)])
    dead_letters = counted(view, topic)
    await dead_letters.put(rejected(ONE, TWO))
    assert await sources(topic) == [ONE, TWO]
    assert str(dead_letters) == "2 records (2 mapper_parsing_exception)"
    assert view.held == {"a": 3}


async def test_record_that_the_serving_generation_rejects_too_is_only_counted(
    topic: MemoryDeadLetters,
) -> None:
    dead_letters = counted(FakeView(refuses="a"), topic)
    await dead_letters.put([*rejected(ONE), (POISON, "it is poison")])
    assert await sources(topic) == []
    assert dead_letters.count == 2


async def test_every_record_is_a_dead_letter_while_the_new_generation_leads(
    view: FakeView, topic: MemoryDeadLetters
) -> None:
    dead_letters = counted(view, topic)
    dead_letters.is_leading = True
    await dead_letters.put([(POISON, "it is poison")])
    assert await sources(topic) == [POISON]


async def test_letter_that_is_on_the_topic_is_not_put_there_again(
    view: FakeView, topic: MemoryDeadLetters
) -> None:
    await topic.put(rejected(ONE))
    dead_letters = counted(view, topic)
    dead_letters.known = await known(topic)
    await dead_letters.put(rejected(ONE, TWO))
    await dead_letters.put(rejected(ONE, TWO))
    assert await sources(topic) == [ONE, TWO]


async def test_record_of_a_recreated_topic_is_not_known(
    view: FakeView, topic: MemoryDeadLetters
) -> None:
    await topic.put(rejected(Record("events", 0, 0, b"a", b"a@7")))
    dead_letters = counted(view, topic)
    dead_letters.known = await known(topic)
    await dead_letters.put(rejected(ONE))
    assert len(await sources(topic)) == 2


async def test_rebuild_that_rejects_too_much_stops(
    view: FakeView, topic: MemoryDeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted_dead_letters, "MAX_ADDED", 3)
    dead_letters = counted(view, topic)
    await dead_letters.put(rejected(ONE))
    with pytest.raises(OperationRefused, match="over 3 records"):
        await dead_letters.put(rejected(TWO, THREE, FOUR, FIVE))
    assert await sources(topic) == [ONE, TWO, THREE]
