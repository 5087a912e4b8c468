"""command-api over HTTP with an INSERT, and so a commit, for each create. See creates.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.http.server import HttpServer
from chassis.process.components import Process
from chassis.process.health import Health
from chassis.process.lifecycle import launch
from command_api import http_api
from command_api.application import USER, Users
from command_api.settings import Settings
from command_api.user import UserEvent
from eventstore.mysql.connections import connected
from eventstore.mysql.store import MySQLEventStore
from eventstore.mysql.table import Row


class OneInsertEach(MySQLEventStore[UserEvent]):
    """Event store without shared transactions."""

    async def _create(self, row: Row) -> None:
        async with self._mysql.cursor("insert") as cursor:
            await cursor.execute(self._table.insert, row)


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Run the HTTP server only."""
    async with connected(settings) as mysql:
        users = Users(USER, OneInsertEach(USER, mysql, settings.mysql_batch))
        server = HttpServer(
            http_api.routes(users), settings.host, settings.http_port, settings.grace
        )
        yield Process([server], Health({}))


if __name__ == "__main__":
    launch("one-insert", Settings, wire)
