"""The same case over both transports: the same users, or the same row of the problem table."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from grpclib.exceptions import GRPCError
from yarl import URL

from chassis.api_process import Api
from chassis.problems import STATUS_BY_KIND, Kind
from projections.searches import TextSearch
from search_api import grpc_api, http_api
from tests.support.clients.api_in_process import in_process
from user_contracts import descriptors
from user_contracts.proto.user.v1 import SearchRequest, UserSearchStub


@dataclass
class Clients:
    session: aiohttp.ClientSession
    stub: UserSearchStub
    view: Any

    async def get(self, path: str) -> tuple[int, Any]:
        """A path as it is, already percent-encoded."""
        async with self.session.get(URL(path, encoded=True)) as response:
            return response.status, await response.json(content_type=None)


@pytest.fixture
async def clients(memory: Any) -> AsyncIterator[Clients]:
    search = TextSearch(memory.index)
    api = Api(http_api.routes(search), grpc_api.UserSearch(search), descriptors())
    async with in_process(api) as (session, channel):
        yield Clients(session, UserSearchStub(channel), memory)


def document(number: int, first: str, last: str) -> dict[str, Any]:
    return {
        "id": f"0192f5a8-4d3c-7a10-8b2e-{number:012x}",
        "version": number,
        "first_name": first,
        "last_name": last,
        "created_at": "2026-11-24T01:02:03.123456Z",
    }


@pytest.mark.parametrize("term", ["žižek", "zizek", "slavoj zizek", "žiž"])
async def test_path_query_and_grpc_find_the_same(clients: Clients, term: str) -> None:
    zizek = document(1, "Slavoj", "Žižek")
    await clients.view.put(zizek, document(2, "Ann", "Lee"))
    expected = (200, [zizek])
    assert await clients.get(f"/user/search/{quote(term, safe='')}") == expected
    assert await clients.get(f"/user/search?q={quote(term, safe='')}") == expected
    (user,) = (await clients.stub.search(SearchRequest(query=term))).users
    assert (user.id, user.first_name, user.last_name) == (zizek["id"], "Slavoj", "Žižek")
    assert user.created_at.isoformat() == "2026-11-24T01:02:03.123456+00:00"


@pytest.mark.parametrize("form", ["/user/search/{}", "/user/search?q={}"])
@pytest.mark.parametrize("term", ["a/b", "a?b", "a#b", "a%b", "../user", "a&b=c", "a+b"])
async def test_term_may_contain_url_characters(clients: Clients, form: str, term: str) -> None:
    assert await clients.get(form.format(quote(term, safe=""))) == (200, [])


@pytest.mark.parametrize("path", ["/user/search/ann?limit=2", "/user/search?q=ann&limit=2"])
async def test_pages_link_to_the_next_one(clients: Clients, path: str) -> None:
    await clients.view.put(*(document(number, "Ann", "Lee") for number in range(1, 6)))
    url, seen = path, []
    while url:
        async with clients.session.get(url) as response:
            seen += [user["version"] for user in await response.json()]
            after: Any = response.links.get("next")
            url = str(after["url"].relative()) if after else ""
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("/user/search?q=", SearchRequest(query="")),
        ("/user/search?q=%20", SearchRequest(query=" ")),
        (f"/user/search?q={'x' * 101}", SearchRequest(query="x" * 101)),
        ("/user/search?q=a%00b", SearchRequest(query="a\x00b")),
        ("/user/search/a%0Ab", SearchRequest(query="a\nb")),
        ("/user/search?q=a&limit=101", SearchRequest(query="a", limit=101)),
        ("/user/search?q=a&cursor=!", SearchRequest(query="a", cursor="!")),
    ],
)
async def test_errors_are_the_same_over_both_transports(
    clients: Clients, path: str, request_: SearchRequest
) -> None:
    row = STATUS_BY_KIND[Kind.INVALID]
    status, body = await clients.get(path)
    assert (status, body["title"]) == (row.http, row.title)
    with pytest.raises(GRPCError) as refused:
        await clients.stub.search(request_)
    assert (refused.value.status.name, refused.value.message) == (row.grpc, body["detail"])


@pytest.mark.parametrize("query", ["", "term=a", "q=a&q=b", "q=a&limit=0", "q=a&fuzzy=1"])
async def test_query_string_errors_return_problems(clients: Clients, query: str) -> None:
    assert (await clients.get(f"/user/search?{query}"))[0] == 400
