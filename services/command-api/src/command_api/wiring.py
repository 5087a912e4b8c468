"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import uuid_utils

from chassis.api_process import Api, api_process
from chassis.auth.settings import access
from chassis.process.lifecycle import Process
from chassis.stores.mysql import tls
from command_api import grpc_api, http_api
from command_api.answer_retention import AnswerRetention
from command_api.application import Users
from command_api.mysql_connections import connected
from command_api.mysql_event_store import MySQLEventStore
from command_api.settings import Settings
from user_contracts import descriptors


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """command-api over MySQL."""
    async with (
        access(settings) as callers,
        connected(
            host=settings.mysql_host,
            port=settings.mysql_port,
            database=settings.mysql_database,
            user=settings.mysql_user,
            password=settings.mysql_password.get_secret_value(),
            size=settings.mysql_pool,
            limit=settings.mysql_timeout,
            tls=tls(settings.mysql_ca_file),
        ) as mysql,
    ):
        store = MySQLEventStore(mysql, settings.mysql_batch)
        users = Users(store, now=utc_now, new_id=uuid7)
        api = Api(http_api.routes(users), grpc_api.UserCommands(users), descriptors())
        background = (store.creates, AnswerRetention(store, settings.answer_retention))
        yield api_process(settings, callers, {"mysql": store.ping}, api, background)


def utc_now() -> datetime:
    """The clock, in the microseconds that MySQL keeps."""
    return datetime.now(UTC)


def uuid7(moment: datetime) -> str:
    """A UUIDv7 (RFC 9562) whose 48 bits of milliseconds are the given moment's."""
    return str(uuid_utils.uuid7(nanoseconds=int(moment.timestamp() * 1e6) * 1000))
