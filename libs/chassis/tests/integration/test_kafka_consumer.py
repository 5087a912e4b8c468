"""The consumer on a real Kafka: nothing leapt over, nothing forgotten, whatever the store does."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from prometheus_client import Gauge

from chassis import kafka_dead_letter_watch, kafka_lag, operator_watch, rebuild
from chassis.generations import NotDone, Orders, State
from chassis.kafka_connections import Brokers
from chassis.kafka_consumer import KafkaConsumer
from chassis.kafka_dead_letters import KafkaDeadLetters
from chassis.kafka_log import LogReplaced
from chassis.memory_generations import MemoryGenerations
from chassis.operator_watch import OperatorWatch
from chassis.problems import Unavailable
from chassis.projection import (
    DeadLetters,
    Handle,
    Offset,
    OffsetMoved,
    Projector,
    Rejected,
    Undecodable,
    Views,
    claim_whole,
    dead_letter_topic,
)
from chassis.projector import Projection
from chassis.testing import eventually, serving
from local_stack.addresses import Addresses

pytestmark = pytest.mark.integration
PARTITIONS = 2
LARGEST = 1_048_576 - 150  # bytes of a value; with its frame and its key as much as a topic takes


@dataclass(frozen=True, slots=True)
class Put:
    key: str
    version: int
    occurred_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Shelf:
    """A view in memory, with its offsets, that can be away or lose everything."""

    kept: dict[str, int] = field(default_factory=dict)
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    is_away: bool = False
    applied: int = 0

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("shelf is away")

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        self._answer()
        return {partition: self.positions.get((log, partition)) for partition in partitions}

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        return await claim_whole(self, log, partitions)

    async def apply(self, changes: Sequence[Put]) -> list[Rejected[Put]]:
        self._answer()
        for change in changes:
            self.applied += 1
            self.kept[change.key] = max(change.version, self.kept.get(change.key, 0))
        return []

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        self._answer()
        for partition, (before, after) in moves.items():
            if self.positions.get((log, partition)) != before:
                raise OffsetMoved(f"partition {partition}")
            self.positions[log, partition] = after


async def decode(payload: bytes) -> Mapping[str, Any]:
    if payload.startswith(b"poison"):
        raise Undecodable("it is poison")
    key, version = payload.decode().split("@")
    return {"key": key, "version": int(version)}


@dataclass
class Log:
    """A topic of this test's own."""

    bootstrap: str
    topic: str
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient

    async def make_anew(self) -> None:
        """Delete the topic, and create another of its name."""
        await self.admin.delete_topics([self.topic])

        async def created() -> None:
            (answer,) = (
                await self.admin.create_topics([NewTopic(self.topic, PARTITIONS, 1)])
            ).topic_errors
            assert answer[1] == 0, answer

        await eventually(created, within=30)

    async def write(self, *values: str) -> None:
        for value in values:
            await self.producer.send_and_wait(
                self.topic, value.encode(), key=value.split("@")[0].encode()
            )

    @asynccontextmanager
    async def projection(self, generations: MemoryGenerations[Put]) -> AsyncIterator[Projection]:
        """A projector's parts that feed the generation that serves."""
        brokers = Brokers(self.bootstrap)
        letters = KafkaDeadLetters(brokers, dead_letter_topic(self.topic, self.topic))

        def handler(views: Views[Put], letters: DeadLetters) -> Handle:
            return Projector(decode, lambda event: Put(**event), views, letters).handle

        ping = generations.state
        yield Projection(
            brokers, self.topic, self.topic, generations, handler, letters, ping, pytest.fail
        )
        await letters.close()

    @asynccontextmanager
    async def projecting(self, generations: MemoryGenerations[Put]) -> AsyncIterator[KafkaConsumer]:
        """A projector, as its process wires it, while the block runs."""
        async with self.projection(generations) as projection:
            operator = OperatorWatch(generations)
            consumer = KafkaConsumer(projection, operator.orders)
            async with serving(operator, consumer):
                yield consumer

    @asynccontextmanager
    async def projected_onto(self, shelf: Shelf) -> AsyncIterator[KafkaConsumer]:
        """A projector that feeds the shelf while the block runs."""
        async with self.projecting(MemoryGenerations(lambda: shelf)) as consumer:
            yield consumer


@pytest.fixture
async def log(stack: Addresses) -> AsyncIterator[Log]:
    topic = f"test-{uuid.uuid4().hex[:8]}"
    async with started(AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)) as admin:
        letters = dead_letter_topic(topic, topic)
        roomy = {"max.message.bytes": "2097152"}
        await admin.create_topics(
            [NewTopic(topic, PARTITIONS, 1), NewTopic(letters, 1, 1, topic_configs=roomy)]
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=stack.kafka_bootstrap, max_request_size=2 * LARGEST
        )
        async with started(producer):
            yield Log(stack.kafka_bootstrap, topic, producer, admin)
        await admin.delete_topics([topic, letters])


@asynccontextmanager
async def started(client: Any) -> AsyncIterator[Any]:
    await client.start()
    try:
        yield client
    finally:
        await (client.close() if hasattr(client, "close") else client.stop())


async def holds(shelf: Shelf, expected: dict[str, int]) -> None:
    async def check() -> None:
        assert shelf.kept == expected

    await eventually(check, within=30)


async def test_what_is_written_arrives_and_its_offset_stands_beside_it(log: Log) -> None:
    shelf = Shelf()
    async with log.projected_onto(shelf):
        await log.write("a@1", "b@1", "a@2")
        await holds(shelf, {"a": 2, "b": 1})
    assert sum(shelf.positions.values()) == 3


async def test_a_new_process_goes_on_where_the_store_stands(log: Log) -> None:
    shelf = Shelf()
    async with log.projected_onto(shelf):
        await log.write("a@1")
        await holds(shelf, {"a": 1})
    shelf.applied = 0
    async with log.projected_onto(shelf):
        await log.write("b@1")
        await holds(shelf, {"a": 1, "b": 1})
    assert shelf.applied == 1


async def test_an_empty_store_is_filled_from_the_start_whatever_kafka_has_committed(
    log: Log,
) -> None:
    first, second = Shelf(), Shelf()
    await log.write("a@1", "b@1")
    async with log.projected_onto(first):
        await holds(first, {"a": 1, "b": 1})
    async with log.projected_onto(second):
        await holds(second, {"a": 1, "b": 1})


async def test_nothing_is_leapt_over_while_the_store_is_away(log: Log) -> None:
    shelf = Shelf()
    async with log.projected_onto(shelf) as consumer:
        await log.write("a@1")
        await holds(shelf, {"a": 1})
        shelf.is_away = True
        await log.write("b@1")

        async def says_so() -> None:
            try:
                await consumer.ready()
            except Unavailable as problem:
                assert problem.detail == "shelf is away"
            else:
                raise AssertionError("ready")

        await eventually(says_so)
        shelf.is_away = False
        await holds(shelf, {"a": 1, "b": 1})
        await consumer.ready()


async def test_what_waits_while_the_store_is_away_is_told_as_lag(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_lag, "EVERY", 0.1)
    shelf = Shelf()

    async def behind(records: int) -> None:
        assert total(kafka_lag.LAG) == records

    async with log.projected_onto(shelf):
        await log.write("a@1")
        await holds(shelf, {"a": 1})
        shelf.is_away = True
        await log.write("b@1", "c@1", "d@1")
        await eventually(lambda: behind(3), within=15)
        shelf.is_away = False
        await eventually(lambda: behind(0), within=15)


async def test_a_store_that_lost_everything_heals_while_running(log: Log) -> None:
    shelf = Shelf()
    async with log.projected_onto(shelf):
        await log.write("a@1", "b@1", "c@1", "d@1")
        await holds(shelf, {"a": 1, "b": 1, "c": 1, "d": 1})
        shelf.kept.clear()
        shelf.positions.clear()
        await log.write("a@2", "b@2", "c@2", "d@2")
        await holds(shelf, {"a": 2, "b": 2, "c": 2, "d": 2})


async def test_what_is_lost_before_the_first_offset_is_stored_is_read_again(log: Log) -> None:
    class Wiped(Shelf):
        """It loses its first batch between keeping it and storing the offset behind it."""

        async def apply(self, changes: Sequence[Put]) -> list[Rejected[Put]]:
            rejected = await super().apply(changes)
            if self.applied == 1:
                self.kept.clear()
                self.positions.clear()
            return rejected

    shelf = Wiped()
    await log.write("a@1")
    async with log.projected_onto(shelf):
        await holds(shelf, {"a": 1})


async def test_a_store_that_lost_everything_heals_also_when_nobody_writes(log: Log) -> None:
    shelf = Shelf()
    async with log.projected_onto(shelf):
        await log.write("a@1", "b@1", "c@1", "d@1")
        await holds(shelf, {"a": 1, "b": 1, "c": 1, "d": 1})
        shelf.kept.clear()
        shelf.positions.clear()
        await holds(shelf, {"a": 1, "b": 1, "c": 1, "d": 1})


async def test_a_topic_that_was_made_anew_is_read_from_its_start(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_lag, "EVERY", 0.1)
    shelf = Shelf()
    generations = MemoryGenerations(lambda: shelf)
    async with log.projection(generations) as projection:
        running = asyncio.create_task(KafkaConsumer(projection, _serving).serve())
        await log.write("a@1", "b@1")
        await holds(shelf, {"a": 1, "b": 1})
        await log.make_anew()
        with pytest.raises(LogReplaced):
            await asyncio.wait_for(running, 30)
    await log.write("c@1", "d@1", "e@1", "f@1", "g@1", "h@1")  # past where the old one was read to
    async with log.projected_onto(shelf):
        await holds(shelf, dict.fromkeys("abcdefgh", 1))


async def _serving() -> Orders:
    return Orders("1")


async def first_letter(log: Log) -> Any:
    """The dead letter of a projector that runs: its partition may be read after all others."""
    letters = AIOKafkaConsumer(
        dead_letter_topic(log.topic, log.topic),
        bootstrap_servers=log.bootstrap,
        auto_offset_reset="earliest",
    )
    async with asyncio.timeout(20), started(letters):
        return await letters.getone()


async def test_poison_goes_to_the_dead_letter_topic_and_stops_nobody(log: Log) -> None:
    shelf = Shelf()
    async with log.projected_onto(shelf):
        await log.write("a@1", "poison@1", "a@2", "b@1")
        await holds(shelf, {"a": 2, "b": 1})
        letter = await first_letter(log)
    assert (letter.key, letter.value) == (b"poison", b"poison@1")
    headers = dict(letter.headers)
    assert headers["reason"] == b"it is poison"
    assert headers["source.topic"] == log.topic.encode()
    assert headers["source.offset"].isdigit()


async def test_the_largest_record_that_a_topic_takes_can_be_a_dead_letter(log: Log) -> None:
    shelf = Shelf()
    value = b"poison" + random.Random(7).randbytes(LARGEST - 6)
    async with log.projected_onto(shelf):
        await log.producer.send_and_wait(log.topic, value, key=b"large")
        await log.write("a@1", "b@1", "c@1")
        await holds(shelf, {"a": 1, "b": 1, "c": 1})
        assert (await first_letter(log)).value == value


async def test_waiting_dead_letters_are_counted_with_the_oldest_one_s_time(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_dead_letter_watch, "EVERY", 0.1)
    waiting, oldest = kafka_dead_letter_watch.WAITING, kafka_dead_letter_watch.OLDEST

    async def counted(number: int) -> None:
        assert total(waiting) == number

    waiting.set(-1)
    async with serving(
        kafka_dead_letter_watch.DeadLetterWatch(
            Brokers(log.bootstrap), dead_letter_topic(log.topic, log.topic)
        )
    ):
        await eventually(lambda: counted(0), within=15)
        assert total(oldest) == 0
        began = time.time()
        async with log.projected_onto(Shelf()):
            await log.write("poison@1", "a@1", "poison@2")
            await eventually(lambda: counted(2), within=15)
        assert began - 1 < total(oldest) < time.time() + 1


def total(gauge: Gauge) -> float:
    """What a gauge shows, over all labels."""
    return sum(sample.value for metric in gauge.collect() for sample in metric.samples)


async def test_when_one_of_two_consumers_leaves_the_other_takes_over(log: Log) -> None:
    shelf = Shelf()
    async with log.projected_onto(shelf):
        async with log.projected_onto(shelf):
            await log.write(*(f"{letter}@1" for letter in "abcdefgh"))
            await holds(shelf, dict.fromkeys("abcdefgh", 1))
        await log.write(*(f"{letter}@2" for letter in "abcdefgh"))
        await holds(shelf, dict.fromkeys("abcdefgh", 2))
    assert sum(shelf.positions.values()) == 16


async def test_a_pause_outlives_a_restart_and_a_rebalance_and_nothing_is_lost(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_watch, "EVERY", 0.1)
    monkeypatch.setattr(kafka_lag, "EVERY", 0.1)
    monkeypatch.setattr(kafka_lag, "STALLED", 3.0)
    shelf = Shelf()
    generations = MemoryGenerations(lambda: shelf)

    async def sees(records: int) -> None:
        assert total(kafka_lag.LAG) == records

    async with log.projecting(generations):
        await log.write("a@1")
        await holds(shelf, {"a": 1})
        await generations.note({"paused_at": "now"})
        await eventually(is_paused)
        await log.write(*(f"{letter}@1" for letter in "bcdefgh"))
        await eventually(lambda: sees(7), within=15)
    async with log.projecting(generations) as consumer:
        async with log.projecting(generations):
            await eventually(lambda: sees(7), within=30)
        await eventually(lambda: sees(7), within=30)
        began = consumer._lag._looked_at

        async def watchdog_s_time_has_passed_twice() -> None:
            assert consumer._lag._looked_at > began + 6

        await eventually(watchdog_s_time_has_passed_twice, within=30)
        await consumer.ready()
        assert shelf.kept == {"a": 1}
        await generations.note({"paused_at": None})
        await holds(shelf, dict.fromkeys("abcdefgh", 1))


async def is_paused() -> None:
    assert total(operator_watch.PAUSED) == 1


async def test_another_generation_is_taken_up_at_its_own_offsets(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_watch, "EVERY", 0.1)
    first, second = Shelf(), Shelf()
    shelves = iter((first, second))
    generations = MemoryGenerations(lambda: next(shelves))
    async with log.projecting(generations):
        await log.write("a@1", "b@1")
        await holds(first, {"a": 1, "b": 1})
        await generations.switch("1", "2")
        await holds(second, {"a": 1, "b": 1})
        await log.write("a@2")
        await holds(second, {"a": 2, "b": 1})
    assert first.kept == {"a": 1, "b": 1}


async def rebuilt(log: Log, generations: MemoryGenerations[Put], **wish: bool) -> list[str]:
    """What the operator is told meanwhile."""
    told: list[str] = []
    async with log.projection(generations) as projection:
        await rebuild.run(projection, rebuild.Wish(**wish), told.append)
    return told


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_watch, "EVERY", 0.1)
    monkeypatch.setattr(rebuild, "LOOK", 0.1)
    monkeypatch.setattr(rebuild, "SETTLE", 0.5)


@pytest.mark.usefixtures("hurried")
async def test_a_rebuild_fills_a_new_generation_and_switches_and_goes_back(log: Log) -> None:
    shelves: list[Shelf] = []
    generations = MemoryGenerations(lambda: shelves.append(Shelf()) or shelves[-1])  # type: ignore[func-returns-value] # append's None
    async with log.projecting(generations):
        await log.write("a@1", "b@1")
        await eventually(lambda: at(shelves, 0, {"a": 1, "b": 1}), within=30)
        told = await rebuilt(log, generations)
        assert any("2 of 2 records" in line for line in told)
        assert await generations.state() == State("2", "1", frozenset({"1", "2"}))
        await log.write("a@2", "c@1")
        second = generations.views("2")
        await eventually(lambda: at([second], 0, {"a": 2, "b": 1, "c": 1}), within=30)
        await rebuilt(log, generations, back=True)
        state = await generations.state()
        assert (state.serving, state.previous) == ("1", "2")
        await at(shelves, 0, {"a": 2, "b": 1, "c": 1})
        await rebuilt(log, generations)
    assert await generations.state() == State("3", "1", frozenset({"1", "3"}))


async def at(shelves: Sequence[Any], number: int, expected: dict[str, int]) -> None:
    assert shelves
    assert shelves[number].kept == expected


@pytest.mark.usefixtures("hurried")
async def test_a_rebuild_that_lacks_records_does_not_switch_unless_told_to(log: Log) -> None:
    generations: MemoryGenerations[Put] = MemoryGenerations(Shelf)
    await log.write("a@1", "poison@1", "poison@2")
    with pytest.raises(NotDone, match=r"2 records \(2 it is poison\)"):
        await rebuilt(log, generations)
    assert (await generations.state()).dead_letters == 2
    with pytest.raises(NotDone, match="in an earlier run"):
        await rebuilt(log, generations)
    await rebuilt(log, generations, accept_dead_letters=True)
    assert (await generations.state()).serving == "2"


@pytest.mark.usefixtures("hurried")
async def test_nobody_goes_back_where_there_is_nothing_before(log: Log) -> None:
    with pytest.raises(NotDone, match="no generation before"):
        await rebuilt(log, MemoryGenerations(Shelf), back=True)
