"""The three APIs on in-memory stores, with HTTP and gRPC servers that require tokens."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from grpclib.client import Channel
from grpclib.const import Cardinality
from grpclib.exceptions import GRPCError

import command_api.grpc_api
import command_api.http_api
import query_api.grpc_api
import query_api.http_api
import search_api.grpc_api
import search_api.http_api
from chassis.auth.authorization import Authorizer
from chassis.auth.jwks import GivenKeys, parse
from chassis.auth.jwt import BearerTokens
from chassis.auth.rate_limit import RateLimit
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.process.health import Health
from chassis.testing import serving
from command_api.application import USER, Users
from eventstore.memory import MemoryEventStore
from projections.directory import Directory
from projections.memory.reader import MemoryReader
from projections.memory.text_index import MemoryTextIndex
from projections.queries import ViewQueries
from projections.searches import TextSearch
from tests.support.clients.tokens import AUDIENCE, ISSUER, KEYS, jwk
from user_contracts import descriptors

APIS = ("command-api", "query-api", "search-api")


@dataclass(frozen=True)
class Api:
    """Routes of an API, by transport."""

    name: str
    routes: list[web.RouteDef]
    service: Any

    @property
    def methods(self) -> dict[str, Any]:
        """Return gRPC's route → handler."""
        found: dict[str, Any] = self.service.__mapping__()
        return found


def all_apis() -> list[Api]:
    users = Users(USER, MemoryEventStore(USER))
    directory = Directory("user", ViewQueries(MemoryReader({}), 0.1))
    search = TextSearch(MemoryTextIndex({}))
    return [
        Api(APIS[0], command_api.http_api.routes(users), command_api.grpc_api.UserCommands(users)),
        Api(
            APIS[1], query_api.http_api.routes(directory), query_api.grpc_api.UserQueries(directory)
        ),
        Api(APIS[2], search_api.http_api.routes(search), search_api.grpc_api.UserSearch(search)),
    ]


@dataclass
class Servers:
    """HTTP and gRPC servers of the three APIs."""

    urls: dict[str, str] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    session: aiohttp.ClientSession = field(init=False)

    async def call(self, api: Api, route: str, metadata: Any = None) -> tuple[str, dict[str, str]]:
        """Return the status of an empty request, and the trailing metadata."""
        handler = api.methods[route]
        async with self.channels[api.name].request(
            route,
            Cardinality.UNARY_UNARY,
            handler.request_type,
            handler.reply_type,
            metadata=metadata,
        ) as stream:
            await stream.send_message(handler.request_type(), end=True)
            try:
                await stream.recv_message()
                await stream.recv_trailing_metadata()
            except GRPCError as error:
                headers: Any = stream.trailing_metadata or stream.initial_metadata or {}
                return error.status.name, {key: str(value) for key, value in headers.items()}
        return "OK", {}


def asking(limit: RateLimit | None = None) -> Authorizer:
    """Return an authorizer that knows all keys of the tests' issuer."""
    keys = parse(json.dumps({"keys": [jwk(algorithm) for algorithm in KEYS]}))
    return Authorizer(BearerTokens(GivenKeys(keys), ISSUER, AUDIENCE).caller, limit)


async def opened(authorizer: Authorizer) -> AsyncIterator[Servers]:
    servers = Servers()
    async with AsyncExitStack() as stack:
        for api in all_apis():
            http = HttpServer(api.routes, "127.0.0.1", 0, grace=1, authorizer=authorizer)
            grpc = GrpcServer(
                [api.service], descriptors(), Health({}), "127.0.0.1", 0, authorizer=authorizer
            )
            await stack.enter_async_context(serving(http, grpc))
            servers.urls[api.name] = f"http://127.0.0.1:{http.port}"
            servers.channels[api.name] = Channel("127.0.0.1", grpc.port)
        servers.session = await stack.enter_async_context(aiohttp.ClientSession())
        yield servers
        for channel in servers.channels.values():
            channel.close()


@pytest.fixture
def authorizer() -> Authorizer:
    return asking()


@pytest.fixture
async def servers(authorizer: Authorizer) -> AsyncIterator[Servers]:
    async for one in opened(authorizer):
        yield one


@pytest.fixture
async def limited_servers() -> AsyncIterator[Servers]:
    async for one in opened(asking(RateLimit(3))):
        yield one


@pytest.fixture
def apis() -> list[Api]:
    return all_apis()


@pytest.fixture(params=all_apis(), ids=APIS)
def service(request: pytest.FixtureRequest) -> Api:
    one: Api = request.param
    return one
