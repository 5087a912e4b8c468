"""A separate topic for each test."""

from collections.abc import AsyncIterator

import pytest

from local_stack.addresses import Addresses
from tests.support.fakes import projecting
from tests.support.fakes.projecting import Log


@pytest.fixture
async def log(stack: Addresses) -> AsyncIterator[Log]:
    async with projecting.new(stack.kafka_bootstrap) as log:
        yield log
