"""Joining a consumer group while Kafka is unavailable."""

import time
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from chassis.problems import Unavailable
from projections.kafka.group_member import GroupMember


class LateKafka:
    """A consumer whose Kafka is available at the last of some attempts, each ten minutes long."""

    def __init__(self, attempts: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.attempts = attempts
        self._passed = 0.0
        monotonic = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + self._passed)

    def subscribe(self, topics: list[str], listener: Any) -> None:
        assert topics == ["users"]

    async def start(self) -> None:
        self.attempts -= 1
        if self.attempts:
            self._passed += 600
            raise KafkaConnectionError("Unable to bootstrap")


async def test_consumer_joins_however_late_kafka_starts_and_reports_each_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = LateKafka(3, monkeypatch)
    failures: list[Unavailable] = []
    await GroupMember(kafka, "users").join(failures.append)
    assert kafka.attempts == 0
    reason = "kafka is unavailable: KafkaConnectionError Unable to bootstrap"
    assert [failure.detail for failure in failures] == [reason] * 2
