"""Wiring of all five deployables on memory: the same applications, projections and APIs."""

from collections.abc import AsyncIterator, Iterator, Sequence
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
from chassis.api_process import Api, servers
from chassis.auth.authorization import Authorizer
from chassis.auth.settings import access
from chassis.process.admin_server import AdminServer
from chassis.process.components import Component, Process
from chassis.process.health import Health
from command_api.application import USER, Users
from demo.memory_log import MemoryLog, NoDeadLetters, OneSchema
from demo.settings import Settings
from demo.trials import Trials
from eventstore.memory import MemoryEventStore
from projections.directory import Directory
from projections.kafka.avro import AvroDecoder
from projections.memory.reader import MemoryReader
from projections.memory.text_index import MemoryTextIndex
from projections.memory.views import Documents, Hashes, documents, hashes
from projections.projector import Projector
from projections.queries import ViewQueries
from projections.searches import TextSearch
from user_contracts import avro_schema, descriptors


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Wire the write side, the log and the read side in one process."""
    store, views, index, contracts = MemoryEventStore(USER), hashes(), documents(), descriptors()
    users = Users(USER, store)
    directory = Directory("user", ViewQueries(MemoryReader(views.held), visible_timeout=2))
    search = TextSearch(MemoryTextIndex(index.held))
    apis = (
        Api(
            command_api.http_api.routes(users), command_api.grpc_api.UserCommands(users), contracts
        ),
        Api(
            query_api.http_api.routes(directory),
            query_api.grpc_api.UserQueries(directory),
            contracts,
        ),
        Api(search_api.http_api.routes(search), search_api.grpc_api.UserSearch(search), contracts),
    )
    async with access(settings) as callers:
        health = Health(callers.checks)
        yield Process(
            [
                AdminServer(health, settings.host, settings.admin_port, settings.limits),
                MemoryLog(store, [_into_views(views), _into_index(index)]),
                *_servers(settings, callers.authorizer, health, apis),
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
    settings: Settings, authorizer: Authorizer, health: Health, apis: Sequence[Api]
) -> Iterator[Component]:
    """Yield the servers of each API, on consecutive ports."""
    for number, api in enumerate(apis):
        ports = {"http_port": settings.http_port + number, "grpc_port": settings.grpc_port + number}
        yield from servers(settings.model_copy(update=ports), authorizer, health, api)
