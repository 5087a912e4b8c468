"""Users on the memory store with a clock that stands still; the stores of the contract suite."""

import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from chassis.testing import serving
from command_api.application import Users
from command_api.memory_event_store import MemoryEventStore
from command_api.mysql_connections import connected
from command_api.mysql_event_store import MySQLEventStore
from command_api.ports import EventStore
from local_stack.addresses import Addresses

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def new_id() -> Callable[[datetime], str]:
    """Ids that count: well-formed, ordered, and told apart at a glance."""
    numbers = itertools.count(1)
    return lambda _moment: f"01890000-0000-7000-8000-{next(numbers):012x}"


@pytest.fixture
def memory() -> MemoryEventStore:
    return MemoryEventStore()


@pytest.fixture
def users(memory: MemoryEventStore, new_id: Callable[[datetime], str]) -> Users:
    return Users(memory, now=lambda: NOON, new_id=new_id)


@pytest.fixture
async def mysql_store(stack: Addresses) -> AsyncIterator[MySQLEventStore]:
    """The store as command-api opens it, with its own database user."""
    async with connected(
        host=stack.mysql_host,
        port=stack.mysql_port,
        database="users",
        user="command_api",
        password=stack.password("command_api"),
        size=8,
        limit=5,
    ) as mysql:
        store = MySQLEventStore(mysql, batch=16)
        async with serving(store.creates):
            yield store


@pytest.fixture(params=["memory", pytest.param("mysql_store", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> EventStore:
    store: EventStore = request.getfixturevalue(request.param)
    return store
