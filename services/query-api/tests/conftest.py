"""The view in memory, which tests fill directly, and the application over it."""

import pytest

from projections.conformance import memory
from projections.conformance.reader import ReaderUnderTest
from projections.directory import Directory
from projections.queries import ViewQueries


@pytest.fixture
def stored_users() -> ReaderUnderTest:
    return memory.reader()


@pytest.fixture
def directory(stored_users: ReaderUnderTest) -> Directory:
    return Directory("user", ViewQueries(stored_users.reader, visible_timeout=0.2))
