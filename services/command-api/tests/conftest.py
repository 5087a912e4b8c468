"""Users on the memory store with a fixed clock; the stores of the contract suite."""

import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from chassis.testing import serving
from command_api.application import USER, Users
from command_api.user import UserEvent
from eventstore.memory import MemoryEventStore
from eventstore.mysql.connections import connected
from eventstore.mysql.settings import EventStoreSettings
from eventstore.mysql.store import MySQLEventStore
from eventstore.ports import EventStore
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import event_store_of

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def new_id() -> Callable[[datetime], str]:
    """Sequential ids: well-formed, ordered, and easy to distinguish."""
    numbers = itertools.count(1)
    return lambda _moment: f"01890000-0000-7000-8000-{next(numbers):012x}"


@pytest.fixture
def memory() -> MemoryEventStore[UserEvent]:
    return MemoryEventStore(USER)


@pytest.fixture
def users(memory: MemoryEventStore[UserEvent], new_id: Callable[[datetime], str]) -> Users:
    return Users(USER, memory, now=lambda: NOON, new_id=new_id)


@pytest.fixture
async def mysql_store(stack: Addresses) -> AsyncIterator[MySQLEventStore[UserEvent]]:
    """The store as command-api opens it, with its own database user."""
    settings = event_store_of(stack, "users", "command_api")
    async with connected(EventStoreSettings(**settings, mysql_pool=8, mysql_timeout=5)) as mysql:
        store = MySQLEventStore(USER, mysql, batch=16)
        async with serving(store.creates):
            yield store


@pytest.fixture(params=["memory", pytest.param("mysql_store", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> EventStore[UserEvent]:
    store: EventStore[UserEvent] = request.getfixturevalue(request.param)
    return store
