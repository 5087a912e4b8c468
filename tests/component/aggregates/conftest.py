"""Every aggregate in turn, with its services in this process over stores in memory."""

import itertools
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import pytest

from chassis.testing import serving
from eventstore.commands import CommandHandler
from eventstore.memory import MemoryEventStore
from eventstore.mysql.connections import connected
from eventstore.mysql.settings import EventStoreSettings
from eventstore.mysql.store import MySQLEventStore
from local_stack.addresses import Addresses
from projections.conformance import memory
from projections.conformance.reader import ReaderUnderTest
from projections.conformance.text_index import TextIndexUnderTest
from projections.directory import Directory
from projections.queries import ViewQueries
from projections.searches import TextSearch
from tests.support.aggregates.clients import opened
from tests.support.aggregates.under_test import EVERY, NOON, AggregateUnderTest
from tests.support.clients.api_clients import event_store_of
from tests.support.clients.api_in_process import Clients


@pytest.fixture(params=EVERY, ids=lambda one: one.plural)
def aggregate(request: pytest.FixtureRequest) -> AggregateUnderTest:
    aggregate: AggregateUnderTest = request.param
    return aggregate


@pytest.fixture
def new_id() -> Callable[[datetime], str]:
    """Ids that count."""
    numbers = itertools.count(1)
    return lambda _moment: f"01890000-0000-7000-8000-{next(numbers):012x}"


@pytest.fixture
async def commands(aggregate: AggregateUnderTest, new_id: Any) -> AsyncIterator[Clients]:
    store: MemoryEventStore[Any] = MemoryEventStore(aggregate.aggregate)
    handler = CommandHandler[Any, Any](aggregate.aggregate, store, now=lambda: NOON, new_id=new_id)
    async with opened(aggregate, "command-api", "Commands", handler) as (session, channel):
        yield Clients(session, aggregate.stub("Commands", channel))


@pytest.fixture
def view() -> ReaderUnderTest:
    return memory.reader()


@pytest.fixture
async def queries(aggregate: AggregateUnderTest, view: ReaderUnderTest) -> AsyncIterator[Clients]:
    directory = Directory(aggregate.name, ViewQueries(view.reader, visible_timeout=0.2))
    async with opened(aggregate, "query-api", "Queries", directory) as (session, channel):
        yield Clients(session, aggregate.stub("Queries", channel))


@pytest.fixture
def index(aggregate: AggregateUnderTest) -> TextIndexUnderTest:
    return memory.text_index(aggregate.samples.GIVEN, aggregate.samples.TEXTS)


@pytest.fixture
async def search(
    aggregate: AggregateUnderTest, index: TextIndexUnderTest
) -> AsyncIterator[Clients]:
    application = TextSearch(index.index)
    async with opened(aggregate, "search-api", "Search", application) as (session, channel):
        yield Clients(session, aggregate.stub("Search", channel))


@pytest.fixture
def memory_store(aggregate: AggregateUnderTest) -> MemoryEventStore[Any]:
    return MemoryEventStore(aggregate.aggregate)


@pytest.fixture
async def mysql_store(
    stack: Addresses, aggregate: AggregateUnderTest
) -> AsyncIterator[MySQLEventStore[Any]]:
    """The store as the aggregate's command API opens it, with its own user and database."""
    settings = event_store_of(stack, aggregate.plural, aggregate.login("command_api"))
    async with connected(EventStoreSettings(**settings, mysql_pool=8, mysql_timeout=5)) as mysql:
        store = MySQLEventStore(aggregate.aggregate, mysql, batch=16)
        async with serving(store.creates):
            yield store
