"""Two processes on one MySQL: one returns the first result of the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable

import pymysql
import pytest

from chassis.problems import Kind, NotFound, Problem
from chassis.testing import serving
from command_api.application import USER, Users
from command_api.user import Command, CreateUser, DeleteUser, RenameUser, UserEvent
from eventstore.conformance.samples import NO_KEY, NOON, keyed
from eventstore.ids import uuid7
from eventstore.mysql.connections import connected
from eventstore.mysql.settings import EventStoreSettings
from eventstore.mysql.store import MySQLEventStore
from eventstore.ports import Refusal
from eventstore.refusals import KeyReused, StaleVersion
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import as_root, event_store_of
from tests.support.fakes.user_events import created

pytestmark = pytest.mark.integration
DAY = 86400


@pytest.fixture
async def replicas(
    stack: Addresses, mysql_store: MySQLEventStore[UserEvent]
) -> AsyncIterator[list[Users]]:
    """Two replicas, each with its own connections, as also after a restart."""
    settings = event_store_of(stack, "users", "command_api")
    async with connected(EventStoreSettings(**settings, mysql_pool=8, mysql_timeout=5)) as mysql:
        other = MySQLEventStore(USER, mysql, batch=16)
        async with serving(other.creates):
            yield [Users(USER, store) for store in (mysql_store, other)]


async def outcome(answer: Awaitable[UserEvent]) -> object:
    try:
        return await answer
    except Problem as problem:
        return type(problem), problem.detail, problem.errors


async def test_another_replica_returns_the_first_result(replicas: list[Users]) -> None:
    one, other = replicas
    ann = await one.execute(CreateUser("Ann", "Lee"))
    commands: list[Command] = [
        RenameUser(ann.user_id, "Ann", None),
        RenameUser(ann.user_id, "Anna", None, 2),
        DeleteUser(uuid7(NOON)),
        CreateUser("\u200b", "Lee"),
    ]
    keys = [uuid7(NOON) for _ in commands]
    first = [
        await outcome(one.execute(command, key))
        for command, key in zip(commands, keys, strict=True)
    ]
    assert first[0] == ann
    beth = await other.execute(RenameUser(ann.user_id, "Beth", None))
    for answer, command, key in zip(first, commands, keys, strict=True):
        assert await outcome(other.execute(command, key)) == answer
        with pytest.raises(KeyReused):
            await other.execute(CreateUser("Other", "Lee"), key)
    assert await one.store.newest(ann.user_id) == beth


@pytest.mark.parametrize("first_name", ["Ann", "Beth"])
async def test_twenty_at_once_on_two_replicas_get_one_answer_while_another_renames(
    replicas: list[Users], first_name: str
) -> None:
    """The result depends on whether a request decides before or after the rename."""
    for _ in range(10):
        ann = await replicas[0].execute(CreateUser("Ann", "Lee"))
        rename, key = RenameUser(ann.user_id, first_name, None), uuid7(NOON)
        *answers, _beth = await asyncio.gather(
            *(outcome(replicas[number % 2].execute(rename, key)) for number in range(20)),
            replicas[0].execute(RenameUser(ann.user_id, "Beth", None)),
        )
        assert set(answers) == {answers[0]}
        assert isinstance(answers[0], UserEvent)
        ((kept, _),) = await replicas[1].store.results(key)
        assert kept == answers[0]


async def test_twenty_at_once_on_two_replicas_are_refused_alike(replicas: list[Users]) -> None:
    """Some find the expected version; those after the rename do not."""
    for _ in range(10):
        ann = await replicas[0].execute(CreateUser("Ann", "Lee"))
        delete, key = DeleteUser(ann.user_id, 2), uuid7(NOON)
        *answers, _ = await asyncio.gather(
            *(outcome(replicas[number % 2].execute(delete, key)) for number in range(20)),
            replicas[0].execute(RenameUser(ann.user_id, "Beth", None)),
        )
        assert set(answers) == {answers[0]}
        newest = await replicas[1].store.newest(ann.user_id)
        is_refused = isinstance(answers[0], tuple) and answers[0][0] is StaleVersion
        assert is_refused or answers[0] == newest


async def test_answers_older_than_a_day_are_removed_by_the_clock_of_the_database(
    stack: Addresses, mysql_store: MySQLEventStore[UserEvent]
) -> None:
    old, young, request = keyed(), keyed(), keyed()
    await mysql_store.append(first := created(), NO_KEY)
    await mysql_store.keep(Refusal(Kind.NOT_FOUND, "gone"), young)
    await mysql_store.keep(first, request)
    with pymysql.connect(**as_root(stack), autocommit=True) as connection:
        connection.cursor().execute(
            "INSERT INTO users.command_result (idempotency_key, request_hash, refusal, recorded_at)"
            ' VALUES (%s, %s, \'{"kind":"not-found","detail":"gone"}\','
            " UTC_TIMESTAMP(6) - INTERVAL 86401 SECOND)",
            (old.idempotency_key, old.request_hash),
        )
    with pytest.raises(NotFound):
        await Users(USER, mysql_store)._first_result(old)
    assert await mysql_store.prune(DAY, 10) == 1
    assert await mysql_store.results(old.idempotency_key or "") == []
    assert await mysql_store.results(young.idempotency_key or "") != []
    assert await mysql_store.results(request.idempotency_key or "") != []


def test_kept_answers_hold_no_names(stack: Addresses) -> None:
    with pymysql.connect(**as_root(stack)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = 'command_result'",
            (stack.mysql_database,),
        )
        columns = {column for (column,) in cursor.fetchall()}
    assert columns == {
        "id",
        "idempotency_key",
        "request_hash",
        "user_id",
        "version",
        "refusal",
        "recorded_at",
    }
