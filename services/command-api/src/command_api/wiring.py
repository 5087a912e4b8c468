"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.api_process import Api, api_process
from chassis.auth.settings import access
from chassis.process.components import Process
from command_api import grpc_api, http_api
from command_api.application import USER, Users
from command_api.settings import Settings
from eventstore.mysql.connections import connected
from eventstore.mysql.store import MySQLEventStore
from eventstore.retention import AnswerRetention
from user_contracts import descriptors


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Wire command-api over MySQL."""
    async with (
        access(settings) as callers,
        connected(settings) as mysql,
    ):
        store = MySQLEventStore(USER, mysql, settings.mysql_batch)
        users = Users(USER, store)
        api = Api(http_api.routes(users), grpc_api.UserCommands(users), descriptors())
        background = (store.creates, AnswerRetention(store, settings.answer_retention))
        yield api_process(settings, callers, {"mysql": store.ping}, api, background)
