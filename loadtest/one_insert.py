"""command-api over HTTP with an INSERT, and so a commit, for each create. See creates.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.http.server import HttpServer
from chassis.process.health import Health
from chassis.process.lifecycle import Process, launch
from command_api import http_api
from command_api.application import Users
from command_api.mysql_connections import connected
from command_api.mysql_event_store import INSERT, MySQLEventStore, Row
from command_api.settings import Settings
from command_api.wiring import utc_now, uuid7


class OneInsertEach(MySQLEventStore):
    """What the event store would be if creates did not share."""

    async def _create(self, row: Row) -> None:
        async with self._mysql.cursor("insert") as cursor:
            await cursor.execute(INSERT, row)


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """The HTTP door alone."""
    async with connected(
        host=settings.mysql_host,
        port=settings.mysql_port,
        database=settings.mysql_database,
        user=settings.mysql_user,
        password=settings.mysql_password.get_secret_value(),
        size=settings.mysql_pool,
        limit=settings.mysql_timeout,
    ) as mysql:
        users = Users(OneInsertEach(mysql, settings.mysql_batch), now=utc_now, new_id=uuid7)
        server = HttpServer(
            http_api.routes(users), settings.host, settings.http_port, settings.grace
        )
        yield Process([server], Health({}))


if __name__ == "__main__":
    launch("one-insert", Settings, wire)
