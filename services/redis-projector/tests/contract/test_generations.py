"""The generations of the view of users keep what those of every view promise."""

import pytest

from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.generations import *
from projections.redis.change import RedisChange
from projections.redis.layout import RedisLayout


@pytest.fixture
def subject(request: pytest.FixtureRequest, store: str) -> GenerationsUnderTest[RedisChange]:
    if store == "memory":
        return memory.generations_of_hashes()
    return on_redis.generations(request.getfixturevalue("redis"), RedisLayout("users"))
