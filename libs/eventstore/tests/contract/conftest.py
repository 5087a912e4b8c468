"""The stores that the suites run on, and their events."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pymysql
import pytest

from chassis.testing import serving
from eventstore.conformance import notes
from eventstore.conformance.notes import NOTE
from eventstore.conformance.samples import Samples
from eventstore.memory import MemoryEventStore
from eventstore.mysql.connections import connected
from eventstore.mysql.settings import EventStoreSettings
from eventstore.mysql.store import MySQLEventStore
from eventstore.ports import EventStore
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import as_root

DATABASE = "eventstore_notes"
ID = "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin"
KEY = "VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin"
NOTE_EVENT = f"""CREATE TABLE note_event (
    note_id {ID} NOT NULL, version INT UNSIGNED NOT NULL, event_id {ID} NOT NULL,
    type VARCHAR(32) NOT NULL, text VARCHAR(100) NULL, is_public BOOLEAN NULL, day DATE NULL,
    created_at DATETIME(6) NOT NULL, occurred_at DATETIME(6) NOT NULL, idempotency_key {KEY} NULL,
    request_hash CHAR(64) NULL, traceparent VARCHAR(55) NULL,
    PRIMARY KEY (note_id, version), UNIQUE KEY (event_id),
    UNIQUE KEY idempotency_key (idempotency_key)
)"""
COMMAND_RESULT = f"""CREATE TABLE command_result (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, idempotency_key {KEY} NOT NULL,
    request_hash CHAR(64) NOT NULL, note_id {ID} NULL, version INT UNSIGNED NULL, refusal TEXT NULL,
    recorded_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    UNIQUE KEY idempotency_key (idempotency_key), KEY (note_id), KEY (recorded_at)
)"""


@pytest.fixture(scope="module")
def settings(stack: Addresses) -> Iterator[EventStoreSettings]:
    """A database for these tests alone."""
    root = as_root(stack)
    with pymysql.connect(**root, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {DATABASE}")
        cursor.execute(NOTE_EVENT)
        cursor.execute(COMMAND_RESULT)
        given: Any = {f"mysql_{name}": value for name, value in root.items()}
        yield EventStoreSettings(**given, mysql_database=DATABASE, mysql_pool=8, mysql_timeout=5)
        cursor.execute(f"DROP DATABASE {DATABASE}")


@pytest.fixture
async def mysql_store(settings: EventStoreSettings) -> AsyncIterator[EventStore[Any]]:
    async with connected(settings) as mysql:
        store = MySQLEventStore(NOTE, mysql, batch=16)
        async with serving(store.creates):
            yield store


@pytest.fixture(params=["memory", pytest.param("mysql_store", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> EventStore[Any]:
    if request.param == "memory":
        return MemoryEventStore(NOTE)
    store: EventStore[Any] = request.getfixturevalue(request.param)
    return store


@pytest.fixture
def events() -> Samples:
    return notes
