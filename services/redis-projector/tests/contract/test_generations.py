"""Conformance of the generations of the view of users."""

import pytest

from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.generations import *
from projections.redis.change import RedisChange
from user_contracts import redis_users


@pytest.fixture
def subject(request: pytest.FixtureRequest, store: str) -> GenerationsUnderTest[RedisChange]:
    if store == "memory":
        return memory.generations_of_hashes()
    return on_redis.generations(request.getfixturevalue("redis"), redis_users)
