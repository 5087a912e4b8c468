"""Dead letters on a real Kafka: poison records block nothing, and are visible."""

import random
import time

import pytest

from chassis.stores.kafka import Brokers
from chassis.testing import eventually, serving
from projections.kafka import dead_letter_monitor
from projections.projector import dead_letter_topic
from tests.support.fakes.fake_view import FakeView
from tests.support.fakes.projecting import LARGEST, Log, first_dead_letter, holds, total

pytestmark = pytest.mark.integration


async def test_poison_record_goes_to_the_dead_letter_topic_and_blocks_no_other(log: Log) -> None:
    view = FakeView()
    async with log.projected_onto(view):
        await log.write("a@1", "poison@1", "a@2", "b@1")
        await holds(view, {"a": 2, "b": 1})
        dead_letter = await first_dead_letter(log)
    assert (dead_letter.key, dead_letter.value) == (b"poison", b"poison@1")
    headers = dict(dead_letter.headers)
    assert headers["reason"] == b"invalid record"
    assert headers["source.topic"] == log.topic.encode()
    assert headers["source.offset"].isdigit()


async def test_largest_record_of_a_topic_fits_the_dead_letter_topic(log: Log) -> None:
    view = FakeView()
    value = b"poison" + random.Random(7).randbytes(LARGEST - 6)
    async with log.projected_onto(view):
        await log.producer.send_and_wait(log.topic, value, key=b"large")
        await log.write("a@1", "b@1", "c@1")
        await holds(view, {"a": 1, "b": 1, "c": 1})
        assert (await first_dead_letter(log)).value == value


async def test_waiting_dead_letters_are_counted_with_the_oldest_one_s_time(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letter_monitor, "EVERY", 0.1)
    waiting, oldest = dead_letter_monitor.WAITING, dead_letter_monitor.OLDEST

    async def counted(number: int) -> None:
        assert total(waiting) == number

    waiting.set(-1)
    async with serving(
        dead_letter_monitor.DeadLetterMonitor(
            Brokers(log.bootstrap), dead_letter_topic(log.topic, log.topic)
        )
    ):
        await eventually(lambda: counted(0), within=15)
        assert total(oldest) == 0
        began = time.time()
        async with log.projected_onto(FakeView()):
            await log.write("poison@1", "a@1", "poison@2")
            await eventually(lambda: counted(2), within=15)
        assert began - 1 < total(oldest) < time.time() + 1
