"""Faults of a real database: dropped connections, interrupted transactions, mixed-up rows."""

import asyncio
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pymysql
import pytest
import uvloop

from chassis.problems import Unavailable
from command_api.application import USER
from command_api.user import UserEvent
from eventstore.ids import uuid7
from eventstore.mysql.connections import connected
from eventstore.mysql.settings import EventStoreSettings
from eventstore.mysql.store import MySQLEventStore
from eventstore.ports import CommandContext
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import as_root

pytestmark = pytest.mark.integration
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NO_KEY = CommandContext()
Admin = pymysql.connections.Connection


def event() -> UserEvent:
    user_id = uuid7(NOON)
    name = user_id[:8]
    return UserEvent(user_id, 1, uuid7(NOON), "UserCreated", name, "Lee", NOON, NOON)


@pytest.fixture
def admin(stack: Addresses) -> Iterator[Admin]:
    connection = pymysql.connect(**as_root(stack), database=stack.mysql_database, autocommit=True)
    yield connection
    connection.close()


def kill_all(admin: Admin) -> None:
    """Close every connection of command_api, as a database restart does."""
    with admin.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'command_api'")
        for (number,) in cursor.fetchall():
            with suppress(pymysql.OperationalError):
                cursor.execute("KILL %s", (number,))


async def test_dropped_connection_is_reported_and_the_next_call_works(
    mysql_store: MySQLEventStore[UserEvent], admin: Admin
) -> None:
    first = event()
    await mysql_store.append(first, NO_KEY)
    kill_all(admin)
    with suppress(Unavailable):
        await mysql_store.newest(first.user_id)
    assert await mysql_store.newest(first.user_id) == first


async def test_interrupted_erasure_is_rolled_back(
    mysql_store: MySQLEventStore[UserEvent], admin: Admin
) -> None:
    first = event()
    await mysql_store.append(first, NO_KEY)
    with admin.cursor() as cursor:
        # A lock on the gap behind the user's rows lets the DELETE through and holds the INSERT.
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM user_event WHERE user_id = %s FOR SHARE", (first.user_id,))
        marker = UserEvent(first.user_id, 2, uuid7(NOON), "UserDeleted", None, None, NOON, NOON)
        erasing = asyncio.create_task(mysql_store.erase(marker, NO_KEY))
        done, _ = await asyncio.wait([erasing], timeout=0.5)
        assert not done
        kill_all(admin)
        cursor.execute("COMMIT")
    with pytest.raises(Unavailable):
        await erasing
    assert await mysql_store.history(first.user_id, 0, 10) == [first]


async def test_cancelled_query_leaks_no_rows_to_others(
    mysql_store: MySQLEventStore[UserEvent],
) -> None:
    events = [event() for _ in range(50)]
    for one in events:
        await mysql_store.append(one, NO_KEY)
    chance = random.Random(7)

    async def read(one: UserEvent) -> None:
        patience = chance.choice([0.0005, 0.002, 1])
        try:
            async with asyncio.timeout(patience):
                assert await mysql_store.newest(one.user_id) == one
        except TimeoutError:
            return

    for _ in range(10):
        await asyncio.gather(*(read(one) for one in events * 2))
    for one in events:
        assert await mysql_store.newest(one.user_id) == one


async def test_unavailable_database_is_reported_in_time(unused_ports: list[int]) -> None:
    async with connected(settings_of(unused_ports[0])) as mysql:
        store = MySQLEventStore(USER, mysql, batch=1)
        with pytest.raises(Unavailable):
            async with asyncio.timeout(3):
                await store.newest(uuid7(NOON))


def test_database_that_hangs_up_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=hang_up, args=(listening,), daemon=True).start()
        uvloop.run(call(listening.getsockname()[1]))  # the service's loop: asyncio's is slower


def settings_of(port: int) -> EventStoreSettings:
    given: Any = {"mysql_database": "users", "mysql_user": "command_api", "mysql_password": "none"}
    return EventStoreSettings(**given, mysql_port=port, mysql_pool=2, mysql_timeout=1)


def hang_up(listening: socket.socket) -> None:
    with suppress(OSError):  # the test is over
        while True:
            connection, _ = listening.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()


async def call(port: int) -> None:
    async with connected(settings_of(port)) as mysql:
        store = MySQLEventStore(USER, mysql, batch=1)
        for _ in range(300):
            with pytest.raises(Unavailable):
                await store.newest(uuid7(NOON))


async def test_more_callers_than_connections_wait_their_turn(
    mysql_store: MySQLEventStore[UserEvent],
) -> None:
    first = event()
    await mysql_store.append(first, NO_KEY)
    found = await asyncio.gather(*(mysql_store.newest(first.user_id) for _ in range(200)))
    assert found == [first] * 200


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE user_event SET first_name = 'x'",
        "ALTER TABLE user_event ADD COLUMN x INT",
        "SELECT * FROM mysql.user",
        "CREATE TABLE users.other (x INT)",
    ],
)
def test_command_api_may_not_do_more_than_append_read_and_erase(
    stack: Addresses, statement: str
) -> None:
    with (
        pymysql.connect(
            host=stack.mysql_host,
            port=stack.mysql_port,
            user="command_api",
            password=stack.password("command_api"),
            database="users",
        ) as connection,
        pytest.raises(pymysql.OperationalError, match="denied"),
    ):
        connection.cursor().execute(statement)
