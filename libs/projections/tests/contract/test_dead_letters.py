"""Dead letters on Kafka and in memory: the suite."""

from collections.abc import AsyncIterator

import pytest

from local_stack.addresses import Addresses
from projections.conformance.dead_letters import *
from projections.kafka import dead_letter_queue
from projections.memory.dead_letters import MemoryDeadLetters
from projections.memory.generations import MemoryGenerations
from tests.support.fakes import projecting
from tests.support.fakes.fake_view import FakeView


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.integration)])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[DeadLettersUnderTest]:
    if request.param == "memory":
        dead_letters = MemoryDeadLetters()
        yield DeadLettersUnderTest(dead_letters, dead_letters)
        return
    stack: Addresses = request.getfixturevalue("stack")
    async with (
        projecting.new(stack.kafka_bootstrap) as log,
        log.projection(MemoryGenerations(FakeView)) as projection,
        dead_letter_queue.of(projection) as queue,
    ):
        yield DeadLettersUnderTest(projection.dead_letters, queue)
