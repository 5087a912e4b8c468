"""The view of users is read as every view is, under the keys of its contract page."""

import pytest

from projections.conformance import memory
from projections.conformance import redis as on_redis
from projections.conformance.reader import *
from projections.redis.layout import RedisLayout


@pytest.fixture
def subject(request: pytest.FixtureRequest, store: str) -> ReaderUnderTest:
    if store == "memory":
        return memory.reader()
    return on_redis.reader(request.getfixturevalue("redis"), RedisLayout("users"))
