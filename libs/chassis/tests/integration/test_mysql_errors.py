"""Errors of a real MySQL, and their log lines."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncmy
import pymysql
import pytest

from chassis.problems import Unavailable
from chassis.stores.errors import mysql
from chassis.stores.errors.calls import store_call
from chassis.stores.errors.failure import StoreError
from local_stack.addresses import Addresses

pytestmark = pytest.mark.integration
SECRET = "Qwertz"
TABLE = "store_errors"


@pytest.fixture
def admin(stack: Addresses) -> Iterator[Callable[[str], None]]:
    connection = pymysql.connect(
        host=stack.mysql_host,
        port=stack.mysql_port,
        user="root",
        password=stack.password("root"),
        autocommit=True,
    )

    def run(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    run(f"CREATE DATABASE IF NOT EXISTS {TABLE}")
    run(f"CREATE TABLE {TABLE}.one (id VARCHAR(5) PRIMARY KEY, n INT NOT NULL)")
    run(f"CREATE USER '{TABLE}'@'%' IDENTIFIED BY '{TABLE}'")
    run(f"GRANT SELECT ON {TABLE}.* TO '{TABLE}'@'%'")
    yield run
    run("SET GLOBAL super_read_only = OFF")
    run("SET GLOBAL read_only = OFF")
    run(f"DROP USER '{TABLE}'@'%'")
    run(f"DROP DATABASE {TABLE}")
    connection.close()


@asynccontextmanager
async def cursor(
    stack: Addresses, user: str = TABLE, password: str = TABLE, database: str = TABLE
) -> AsyncIterator[Any]:
    with store_call("mysql", "test", mysql.classify):
        connection = await asyncmy.connect(
            host=stack.mysql_host,
            port=stack.mysql_port,
            db=database,
            user=user,
            password=password,
            autocommit=True,
        )
        async with connection, connection.cursor() as open_cursor:
            yield open_cursor


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        (f"INSERT INTO one VALUES ('{SECRET}', 1)", 1142),
        (f"SELECT {SECRET} FROM one", 1054),
        (f"SELECT * FROM {SECRET}", 1146),
        (f"SELECT '{SECRET}' FROM FROM", 1064),
    ],
)
async def test_rejected_statement_raises_store_error_without_values(
    stack: Addresses, admin: Callable[[str], None], statement: str, number: int
) -> None:
    with pytest.raises(StoreError, match=str(number)) as refused:
        async with cursor(stack) as one:
            await one.execute(statement)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (f"('{SECRET[:5]}', 1), ('{SECRET[:5]}', 2)", 1062),
        (f"('{SECRET}', 1)", 1406),
        (f"('a', '{SECRET}')", 1366),
        ("('a', NULL)", 1048),
    ],
)
async def test_rejected_value_raises_store_error_without_values(
    stack: Addresses, admin: Callable[[str], None], value: str, number: int
) -> None:
    with pytest.raises(StoreError, match=str(number)) as refused:
        async with cursor(stack, "root", stack.password("root")) as one:
            await one.execute(f"INSERT INTO one VALUES {value}")
    assert SECRET[:5] not in str(refused.value)


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"database": "none"}, {"user": "no"}])
async def test_rejected_login_is_permanent(
    stack: Addresses, admin: Callable[[str], None], wrong: dict[str, str]
) -> None:
    with pytest.raises(StoreError, match=r"1044|1045|1049"):
        async with cursor(stack, **wrong):
            pass


async def test_read_only_server_is_unavailable(
    stack: Addresses, admin: Callable[[str], None]
) -> None:
    admin(f"GRANT INSERT ON {TABLE}.* TO '{TABLE}'@'%'")
    admin("SET GLOBAL read_only = ON")
    with pytest.raises(Unavailable, match="1290"):
        async with cursor(stack) as one:
            await one.execute("INSERT INTO one VALUES ('a', 1)")


SLOW = (
    "SELECT /*+ MAX_EXECUTION_TIME(50) */ COUNT(*) FROM information_schema.columns a,"
    " information_schema.columns b, information_schema.columns c"
)


async def test_slow_query_is_unavailable(stack: Addresses, admin: Callable[[str], None]) -> None:
    with pytest.raises(Unavailable, match="3024"):
        async with cursor(stack, "root", stack.password("root")) as one:
            await one.execute(SLOW)


async def test_killed_connection_is_unavailable(
    stack: Addresses, admin: Callable[[str], None]
) -> None:
    with pytest.raises(Unavailable):
        async with cursor(stack) as one:
            await _query_after_kill(one, admin)


async def _query_after_kill(one: Any, admin: Callable[[str], None]) -> None:
    await one.execute("SELECT CONNECTION_ID()")
    ((number,),) = await one.fetchall()
    admin(f"KILL {number}")
    await one.execute("SELECT 1")


async def test_too_many_connections_are_unavailable(
    stack: Addresses, admin: Callable[[str], None]
) -> None:
    admin(f"ALTER USER '{TABLE}'@'%' WITH MAX_USER_CONNECTIONS 1")
    async with cursor(stack):
        with pytest.raises(Unavailable, match=r"1226|1203"):
            async with cursor(stack):
                pass
