"""A topic of each test's own."""

from collections.abc import AsyncIterator

import projecting
import pytest
from projecting import Log

from local_stack.addresses import Addresses


@pytest.fixture
async def log(stack: Addresses) -> AsyncIterator[Log]:
    async with projecting.new(stack.kafka_bootstrap) as log:
        yield log
