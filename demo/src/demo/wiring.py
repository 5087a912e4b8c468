"""All five deployables over memory: the same applications, projections and doors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import command_api.grpc_api
import command_api.http_api
import query_api.grpc_api
import query_api.http_api
import redis_projector.projection
import search_api.grpc_api
import search_api.http_api
import search_projector.projection
from chassis.auth.authorization import Authorizer
from chassis.auth.settings import access
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.process.lifecycle import Process
from command_api.application import Users
from command_api.memory_event_store import MemoryEventStore
from command_api.wiring import utc_now, uuid7
from demo.memory_log import MemoryLog, NoDeadLetters, OneSchema
from demo.settings import Settings
from demo.trials import Trials
from http2.implementations import HTTP2
from projections.kafka.avro import AvroDecoder
from projections.memory.reader import MemoryReader
from projections.memory.views import Documents, Hashes, documents, hashes
from projections.projector import Projector
from projections.queries import ViewQueries
from query_api.application import UserDirectory
from search_api.application import UserSearch
from search_api.memory_user_index import MemoryUserIndex
from user_contracts import avro_schema, descriptors


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """The write side, the way between, and the read side, in one process."""
    store, views, index = MemoryEventStore(), hashes(), documents()
    users = Users(store, utc_now, uuid7)
    directory = UserDirectory(ViewQueries(MemoryReader(views.held), visible_timeout=2))
    search = UserSearch(MemoryUserIndex(index.held))
    doors = [
        (command_api.http_api.routes(users), command_api.grpc_api.UserCommands(users)),
        (query_api.http_api.routes(directory), query_api.grpc_api.UserQueries(directory)),
        (search_api.http_api.routes(search), search_api.grpc_api.UserSearch(search)),
    ]
    async with access(settings) as callers:
        health = Health(callers.checks)
        yield Process(
            [
                AdminServer(health, settings.host, settings.admin_port, settings.limits),
                MemoryLog(store, [_into_views(views), _into_index(index)]),
                *_servers(settings, health, doors, callers.authorizer),
                Trials(settings),
            ],
            health,
        )


def _into_views(views: Hashes) -> Any:
    decode = AvroDecoder(OneSchema(), avro_schema())
    return Projector(decode, redis_projector.projection.project, views, NoDeadLetters()).handle


def _into_index(index: Documents) -> Any:
    decode = AvroDecoder(OneSchema(), avro_schema())
    return Projector(decode, search_projector.projection.project, index, NoDeadLetters()).handle


def _servers(
    settings: Settings, health: Health, doors: list[tuple[Any, Any]], authorizer: Authorizer
) -> list[HttpServer | GrpcServer]:
    servers: list[HttpServer | GrpcServer] = []
    for number, (routes, service) in enumerate(doors):
        http_port, grpc_port = settings.http_port + number, settings.grpc_port + number
        shared: Any = {
            "authorizer": authorizer,
            "reuse_port": settings.reuse_port,
            "limits": settings.limits,
        }
        servers.append(HttpServer(routes, settings.host, http_port, settings.grace, **shared))
        shared["http2"] = HTTP2[settings.http2]
        servers.append(
            GrpcServer([service], descriptors(), health, settings.host, grpc_port, **shared)
        )
    return servers
