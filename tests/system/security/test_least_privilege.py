"""Each store user tries forbidden operations on the real servers."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pymysql
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from local_stack.addresses import Addresses

pytestmark = pytest.mark.integration
KEY = "users:test-privilege:key"

WRITES: list[tuple[Any, ...]] = [
    ("SET", KEY, "1"),
    ("SET", "users:generation", "2"),
    ("HSET", "users:{users:generation}:operator", "paused_at", "now"),
    ("HSET", KEY, "f", "1"),
    ("DEL", KEY),
    ("EXPIRE", KEY, "1"),
    ("ZADD", KEY, "0", "m"),
    ("EVAL", "return redis.call('SET', KEYS[1], '1')", "1", KEY),
    ("SCRIPT", "LOAD", "return 1"),
]
ADMINISTRATION: list[tuple[Any, ...]] = [
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "dir", "/var"),
    ("ACL", "LIST"),
    ("ACL", "SETUSER", "default", "on", "nopass", "+@all", "~*"),
    ("KEYS", "*"),
    ("SHUTDOWN", "NOSAVE"),
    ("REPLICAOF", "192.0.2.1", "6379"),
    ("MODULE", "LIST"),
    ("MIGRATE", "192.0.2.1", "6379", KEY, "0", "1"),
    ("FUNCTION", "FLUSH"),
    ("SCRIPT", "FLUSH"),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("MONITOR",),
    ("SAVE",),
    ("PUBLISH", "channel", "1"),
]
ELSEWHERE: list[tuple[Any, ...]] = [("GET", "other"), ("GET", "user"), ("HMGET", "sessions:1", "f")]
Login = Callable[[str], Redis]


@pytest.fixture
async def login(stack: Addresses) -> AsyncIterator[Login]:
    opened: list[Redis] = []

    def connect(user: str) -> Redis:
        opened.append(
            Redis.from_url(stack.redis_address, username=user, password=stack.password(user))
        )
        return opened[-1]

    yield connect
    for one in opened:
        await one.aclose()


async def refused(redis: Redis, command: tuple[Any, ...]) -> None:
    with pytest.raises(NoPermissionError):
        await redis.execute_command(*command)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("command", WRITES + ADMINISTRATION + ELSEWHERE, ids=" ".join)
async def test_query_api_may_only_read_the_view(login: Login, command: tuple[Any, ...]) -> None:
    await refused(login("query_api"), command)


@pytest.mark.parametrize("command", ADMINISTRATION + ELSEWHERE, ids=" ".join)
async def test_redis_projector_may_only_write_the_view(
    login: Login, command: tuple[Any, ...]
) -> None:
    await refused(login("redis_projector"), command)


async def test_script_has_only_the_permissions_of_its_caller(login: Login) -> None:
    with pytest.raises(ResponseError, match="ACL failure in script"):
        await login("redis_projector").eval("return redis.call('FLUSHALL')", 0)
    for script in ("redis.call('SET', 'users:x', 1)", "redis.call('GET', 'elsewhere')"):
        with pytest.raises(
            ResponseError, match=r"ACL failure in script|not allowed from read-only"
        ):
            await login("query_api").eval_ro(script, 0)


async def test_client_without_user_and_password_is_rejected(stack: Addresses) -> None:
    for user, password in ((None, None), ("default", ""), ("query_api", "guess")):
        async with Redis.from_url(stack.redis_address, username=user, password=password) as redis:
            with pytest.raises(AuthenticationError):
                await redis.get(KEY)


INSERT = "INSERT INTO user_event (user_id, version) VALUES ('x', 1)"


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("command_api", "UPDATE user_event SET version = 1"),
        ("command_api", "TRUNCATE user_event"),
        ("command_api", "UPDATE command_result SET version = 1"),
        ("command_api", "TRUNCATE command_result"),
        ("command_api", "DROP TABLE user_event"),
        ("command_api", "CREATE INDEX i ON user_event (version)"),
        ("command_api", "SELECT * FROM _yoyo_migration"),
        ("command_api", "GRANT SELECT ON user_event TO debezium"),
        ("command_api", "SET GLOBAL read_only = 1"),
        ("command_api", "PURGE BINARY LOGS BEFORE NOW()"),
        ("command_api", "SET sql_log_bin = 0"),
        ("command_api", "SELECT 1 INTO OUTFILE '/tmp/x'"),
        ("debezium", INSERT),
        ("debezium", "UPDATE user_event SET version = 1"),
        ("debezium", "DELETE FROM user_event"),
        ("debezium", "DELETE FROM command_result"),
        ("debezium", "DROP TABLE user_event"),
        ("debezium", "CREATE TABLE users.other (x INT)"),
        ("debezium", "PURGE BINARY LOGS BEFORE NOW()"),
        ("debezium", "SELECT * FROM mysql.user"),
        ("auditor", INSERT),
        ("auditor", "UPDATE user_event SET version = 1"),
        ("auditor", "DELETE FROM user_event"),
        ("auditor", "SELECT * FROM _yoyo_migration"),
        ("auditor", "SELECT * FROM command_result"),
        ("auditor", "SHOW BINARY LOGS"),
        ("migrator", "SELECT * FROM mysql.user"),
        ("migrator", "CREATE DATABASE other"),
        ("migrator", "CREATE USER somebody"),
        ("migrator", "PURGE BINARY LOGS BEFORE NOW()"),
    ],
)
def test_mysql_user_is_denied(stack: Addresses, user: str, statement: str) -> None:
    with (
        pymysql.connect(
            host=stack.mysql_host,
            port=stack.mysql_port,
            user=user,
            password=stack.password(user),
            database="users",
        ) as connection,
        pytest.raises(pymysql.MySQLError, match=r"denied|need .* privilege"),
    ):
        connection.cursor().execute(statement)
