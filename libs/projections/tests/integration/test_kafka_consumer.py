"""The consumer on a real Kafka: no record is skipped or lost, whatever the store does."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from chassis.problems import Unavailable
from chassis.stores.errors.failure import StoreError
from chassis.testing import eventually
from projections.generations import Directives
from projections.kafka import consumer as kafka_consumer
from projections.kafka import lag
from projections.kafka.consumer import KafkaConsumer
from projections.kafka.topic_identity import LogReplaced
from projections.memory.generations import MemoryGenerations
from projections.ports import Rejected
from tests.support.fakes.fake_view import FakeView, Put
from tests.support.fakes.projecting import Log, holds, total

pytestmark = pytest.mark.integration


async def test_record_arrives_and_its_offset_is_stored_with_it(log: Log) -> None:
    view = FakeView()
    async with log.projected_onto(view):
        await log.write("a@1", "b@1", "a@2")
        await holds(view, {"a": 2, "b": 1})
    assert sum(view.stored_offsets.values()) == 3


async def test_new_process_resumes_at_the_stored_offsets(log: Log) -> None:
    view = FakeView()
    async with log.projected_onto(view):
        await log.write("a@1")
        await holds(view, {"a": 1})
    view.batches.clear()
    async with log.projected_onto(view):
        await log.write("b@1")
        await holds(view, {"a": 1, "b": 1})
    assert sum(map(len, view.batches)) == 1


async def test_empty_store_is_filled_from_the_start_despite_committed_offsets(
    log: Log,
) -> None:
    first, second = FakeView(), FakeView()
    await log.write("a@1", "b@1")
    async with log.projected_onto(first):
        await holds(first, {"a": 1, "b": 1})
    async with log.projected_onto(second):
        await holds(second, {"a": 1, "b": 1})


async def test_no_record_is_skipped_while_the_store_is_unavailable(log: Log) -> None:
    view = FakeView()
    async with log.projected_onto(view) as consumer:
        await log.write("a@1")
        await holds(view, {"a": 1})
        view.is_unavailable = True
        await log.write("b@1")

        async def says_so() -> None:
            try:
                await consumer.ready()
            except Unavailable as problem:
                assert problem.detail == "the view is unavailable"
            else:
                raise AssertionError("ready")

        await eventually(says_so)
        view.is_unavailable = False
        await holds(view, {"a": 1, "b": 1})
        await consumer.ready()


async def test_idle_consumer_is_not_ready_while_its_store_is_unavailable(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_consumer, "COMPARE", 0.1)
    view = FakeView()
    async with log.projected_onto(view) as consumer:
        await log.write("a@1")
        await holds(view, {"a": 1})

        async def is_unready() -> None:
            with suppress(Unavailable):
                await consumer.ready()
                raise AssertionError("ready")

        view.is_unavailable = True
        await eventually(is_unready)
        view.is_unavailable = False
        await eventually(lambda: is_ready(consumer))


async def is_ready(consumer: KafkaConsumer) -> None:
    try:
        await consumer.ready()
    except Unavailable as problem:
        raise AssertionError from problem


async def test_consumer_stops_on_a_permanent_store_error(log: Log) -> None:
    class Refusing(FakeView):
        async def apply(self, changes: Sequence[Put]) -> list[Rejected[Put]]:
            raise StoreError("redis: apply: WRONGTYPE")

    view = Refusing()
    async with log.projection(MemoryGenerations(lambda: view)) as projection:
        running = asyncio.create_task(KafkaConsumer(projection, _serving).serve())
        await log.write("a@1")
        with pytest.raises(StoreError):
            await asyncio.wait_for(running, 30)
    assert set(view.stored_offsets.values()) <= {0}


async def test_lag_is_reported_while_the_store_is_unavailable(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "EVERY", 0.1)
    view = FakeView()

    async def behind(records: int) -> None:
        assert total(lag.LAG) == records

    async with log.projected_onto(view):
        await log.write("a@1")
        await holds(view, {"a": 1})
        view.is_unavailable = True
        await log.write("b@1", "c@1", "d@1")
        await eventually(lambda: behind(3), within=15)
        view.is_unavailable = False
        await eventually(lambda: behind(0), within=15)


async def test_store_that_lost_its_data_is_refilled_while_running(log: Log) -> None:
    view = FakeView()
    async with log.projected_onto(view):
        await log.write("a@1", "b@1", "c@1", "d@1")
        await holds(view, {"a": 1, "b": 1, "c": 1, "d": 1})
        view.lose_everything()
        await log.write("a@2", "b@2", "c@2", "d@2")
        await holds(view, {"a": 2, "b": 2, "c": 2, "d": 2})


async def test_batch_lost_before_its_first_offset_is_read_again(log: Log) -> None:
    class Wiped(FakeView):
        """Lose the first batch after storing it and before storing its offset."""

        async def apply(self, changes: Sequence[Put]) -> list[Rejected[Put]]:
            rejected = await super().apply(changes)
            if len(self.batches) == 1:
                self.lose_everything()
            return rejected

    view = Wiped()
    await log.write("a@1")
    async with log.projected_onto(view):
        await holds(view, {"a": 1})


async def test_store_that_lost_its_data_is_refilled_without_new_records(log: Log) -> None:
    view = FakeView()
    async with log.projected_onto(view):
        await log.write("a@1", "b@1", "c@1", "d@1")
        await holds(view, {"a": 1, "b": 1, "c": 1, "d": 1})
        view.lose_everything()
        await holds(view, {"a": 1, "b": 1, "c": 1, "d": 1})


async def test_recreated_topic_is_read_from_its_start(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "EVERY", 0.1)
    view = FakeView()
    generations = MemoryGenerations(lambda: view)
    async with log.projection(generations) as projection:
        running = asyncio.create_task(KafkaConsumer(projection, _serving).serve())
        await log.write("a@1", "b@1")
        await holds(view, {"a": 1, "b": 1})
        await log.make_anew()
        with pytest.raises(LogReplaced):
            await asyncio.wait_for(running, 30)
    await log.write("c@1", "d@1", "e@1", "f@1", "g@1", "h@1")  # past where the old one was read to
    async with log.projected_onto(view):
        await holds(view, dict.fromkeys("abcdefgh", 1))


async def _serving() -> Directives:
    return Directives("1")
