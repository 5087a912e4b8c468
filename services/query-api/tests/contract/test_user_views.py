"""Conformance of the reader for the view of users, with the keys of its contract."""

import pytest

from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.reader import *
from user_contracts import redis_users


@pytest.fixture
def subject(request: pytest.FixtureRequest, store: str) -> ReaderUnderTest:
    if store == "memory":
        return memory.reader()
    return on_redis.reader(request.getfixturevalue("redis"), redis_users)
