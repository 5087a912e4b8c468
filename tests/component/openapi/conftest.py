"""The three APIs on in-memory stores, each behind a real server."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

import command_api.http_api
import query_api.http_api
import search_api.http_api
from chassis.http.server import HttpServer
from chassis.testing import serving
from command_api.application import USER, Users
from eventstore.memory import MemoryEventStore
from projections.directory import Directory
from projections.memory.reader import MemoryReader
from projections.memory.text_index import MemoryTextIndex
from projections.queries import ViewQueries
from projections.searches import TextSearch

APIS = ("command-api", "query-api", "search-api")


@pytest.fixture(params=APIS)
def api(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def routes(api: str) -> list[web.RouteDef]:
    users = Users(USER, MemoryEventStore(USER))
    return {
        "command-api": command_api.http_api.routes(users),
        "query-api": query_api.http_api.routes(
            Directory("user", ViewQueries(MemoryReader({}), 0.1))
        ),
        "search-api": search_api.http_api.routes(TextSearch(MemoryTextIndex({}))),
    }[api]


@pytest.fixture
async def session(routes: list[web.RouteDef]) -> AsyncIterator[ClientSession]:
    http = HttpServer(routes, "127.0.0.1", 0, grace=1)
    async with serving(http), ClientSession(f"http://127.0.0.1:{http.port}") as session:
        yield session
