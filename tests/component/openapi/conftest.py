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
from projections.memory.reader import MemoryReader
from projections.queries import ViewQueries
from query_api.application import UserDirectory
from search_api.application import UserSearch
from search_api.memory_user_index import MemoryUserIndex

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
        "query-api": query_api.http_api.routes(UserDirectory(ViewQueries(MemoryReader({}), 0.1))),
        "search-api": search_api.http_api.routes(UserSearch(MemoryUserIndex({}))),
    }[api]


@pytest.fixture
async def session(routes: list[web.RouteDef]) -> AsyncIterator[ClientSession]:
    http = HttpServer(routes, "127.0.0.1", 0, grace=1)
    async with serving(http), ClientSession(f"http://127.0.0.1:{http.port}") as session:
        yield session
