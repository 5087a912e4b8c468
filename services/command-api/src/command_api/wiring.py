"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.auth.settings import access
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.process.lifecycle import Process
from command_api import grpc_api, http_api
from command_api.application import USER, Users
from command_api.settings import Settings
from eventstore.mysql.connections import connected
from eventstore.mysql.store import MySQLEventStore
from eventstore.retention import AnswerRetention
from http2.implementations import HTTP2
from user_contracts import descriptors


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """command-api over MySQL."""
    async with (
        access(settings) as callers,
        connected(settings) as mysql,
    ):
        store = MySQLEventStore(USER, mysql, settings.mysql_batch)
        users = Users(USER, store)
        health = Health({"mysql": store.ping, **callers.checks})
        host, authorizer, reuse_port = settings.host, callers.authorizer, settings.reuse_port
        yield Process(
            [
                AdminServer(health, host, settings.admin_port, settings.limits),
                store.creates,
                AnswerRetention(store, settings.answer_retention),
                GrpcServer(
                    [grpc_api.UserCommands(users)],
                    descriptors(),
                    health,
                    host,
                    settings.grpc_port,
                    authorizer=authorizer,
                    reuse_port=reuse_port,
                    limits=settings.limits,
                    http2=HTTP2[settings.http2],
                ),
                HttpServer(
                    http_api.routes(users),
                    host,
                    settings.http_port,
                    settings.grace,
                    authorizer=authorizer,
                    reuse_port=reuse_port,
                    limits=settings.limits,
                ),
            ],
            health,
        )
