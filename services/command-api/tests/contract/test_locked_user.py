"""A locked row in MySQL: its writers hold one connection, and other users are not delayed."""

import asyncio
from collections.abc import Iterator

import pymysql
import pytest

from chassis.testing import eventually
from command_api.application import USER, Users
from command_api.user import CreateUser, RenameUser, UserEvent
from eventstore.mysql.store import MySQLEventStore
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import as_root

pytestmark = pytest.mark.integration
WRITERS = 50
LOCK = "SELECT 1 FROM users.user_event WHERE user_id = %s FOR UPDATE"
WAITING = (
    "SELECT COUNT(*) FROM information_schema.innodb_trx"
    " WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE %s"
)
UNREAD = 0.2  # seconds; InnoDB refreshes that table only when it was not read for 0.1 s
Admin = pymysql.connections.Connection


@pytest.fixture
def admin(stack: Addresses) -> Iterator[Admin]:
    connection = pymysql.connect(**as_root(stack))
    yield connection
    connection.close()


async def test_other_users_do_not_wait_for_writers_of_a_locked_one(
    mysql_store: MySQLEventStore[UserEvent], admin: Admin
) -> None:
    users = Users(USER, mysql_store)
    ann, bob = [await users.execute(CreateUser(name, "Lee")) for name in ("Ann", "Bob")]
    with admin.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(LOCK, (ann.user_id,))
        writers = [asyncio.create_task(users.execute(rename(ann, n))) for n in range(WRITERS)]

        async def one_waits() -> None:
            cursor.execute(WAITING, (f"%{ann.user_id}%",))
            ((count,),) = cursor.fetchall()
            assert count == 1

        await eventually(one_waits, every=UNREAD)
        assert (await users.execute(rename(bob, 0))).version == 2
        assert not any(writer.done() for writer in writers)
        cursor.execute("ROLLBACK")
    done = await asyncio.gather(*writers)
    assert {event.user_id for event in done} == {ann.user_id}
    assert users.writers.keys == set()


def rename(user: UserEvent, number: int) -> RenameUser:
    return RenameUser(user.user_id, f"Ann{number}", None)
