"""The same case over both transports: the same bytes, or the same row of the problem table."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from grpclib.exceptions import GRPCError

from chassis.api_process import Api
from chassis.http.pagination import encode_cursor
from chassis.problems import STATUS_BY_KIND, Kind
from projections.directory import Directory
from query_api import grpc_api, http_api
from tests.support.clients.api_in_process import in_process
from user_contracts import descriptors
from user_contracts.proto.user.v1 import GetRequest, ListRequest, User, UserQueriesStub

ANN = "0192f5a8-4d3c-7a10-8b2e-000000000001"
UNKNOWN_ID = "0192f5a8-4d3c-7a10-8b2e-ffffffffffff"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Clients:
    session: aiohttp.ClientSession
    stub: UserQueriesStub
    view: Any


def proto(number: int, name: str = "Ann") -> User:
    user_id = f"0192f5a8-4d3c-7a10-8b2e-{number:012x}"
    return User(id=user_id, first_name=name, last_name="Lee", created_at=NOON, version=number)


def stored(user: User) -> dict[str, bytes]:
    json = f'{{"id":"{user.id}","version":{user.version}}}'.encode()
    return {"version": str(user.version).encode(), "json": json, "proto": bytes(user)}


@pytest.fixture
async def clients(directory: Directory, stored_users: Any) -> AsyncIterator[Clients]:
    api = Api(http_api.routes(directory), grpc_api.UserQueries(directory), descriptors())
    async with in_process(api) as (session, channel):
        yield Clients(session, UserQueriesStub(channel), stored_users)


async def test_both_transports_send_the_stored_bytes(clients: Clients) -> None:
    ann = proto(1)
    await clients.view.put(ann.id, stored(ann))
    async with clients.session.get(f"/user/{ann.id}") as response:
        assert await response.read() == stored(ann)["json"]
        assert response.headers["ETag"] == '"1"'
    assert bytes(await clients.stub.get(GetRequest(id=ann.id))) == bytes(ann)


@pytest.mark.parametrize("name", ["Ann", "x" * 100, "😀" * 100])
async def test_list_of_stored_bytes_parses_as_one_message(clients: Clients, name: str) -> None:
    users = [proto(number, name) for number in range(1, 8)]
    for user in users:
        await clients.view.put(user.id, stored(user))
    first = await clients.stub.list(ListRequest(limit=5))
    assert [bytes(user) for user in first.users] == [bytes(user) for user in users[:1:-1]]
    second = await clients.stub.list(ListRequest(limit=5, cursor=first.next_cursor))
    assert [bytes(user) for user in second.users] == [bytes(user) for user in users[1::-1]]
    assert second.next_cursor == ""


async def test_a_list_links_to_its_next_page(clients: Clients) -> None:
    users = [proto(number) for number in range(1, 6)]
    for user in users:
        await clients.view.put(user.id, stored(user))
    url, seen = "/user?limit=2", []
    while url:
        async with clients.session.get(url) as response:
            seen += [user["version"] for user in await response.json()]
            after: Any = response.links.get("next")
            url = str(after["url"].relative()) if after else ""
    assert seen == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*", '"7", "1"'])
async def test_known_version_returns_304(clients: Clients, tag: str) -> None:
    await clients.view.put(ANN, stored(proto(1)))
    async with clients.session.get(f"/user/{ANN}", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")


async def test_changed_version_returns_200(clients: Clients) -> None:
    await clients.view.put(ANN, stored(proto(1)))
    async with clients.session.get(f"/user/{ANN}", headers={"If-None-Match": '"2"'}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("path", "method", "request_", "kind"),
    [
        (f"/user/{UNKNOWN_ID}", "get", GetRequest(id=UNKNOWN_ID), Kind.NOT_FOUND),
        ("/user/ann", "get", GetRequest(id="ann"), Kind.INVALID),
        (f"/user/{ANN.upper()}", "get", GetRequest(id=ANN.upper()), Kind.INVALID),
        (
            f"/user/{UNKNOWN_ID}?min_version=1",
            "get",
            GetRequest(id=UNKNOWN_ID, min_version=1),
            Kind.NOT_YET_VISIBLE,
        ),
        (f"/user/{ANN}?min_version=0", "get", GetRequest(id=ANN, min_version=0), Kind.INVALID),
        ("/user?limit=101", "list", ListRequest(limit=101), Kind.INVALID),
        ("/user?limit=-1", "list", ListRequest(limit=-1), Kind.INVALID),
        ("/user?cursor=!", "list", ListRequest(cursor="!"), Kind.INVALID),
        (
            f"/user?cursor={encode_cursor('ann')}",
            "list",
            ListRequest(cursor=encode_cursor("ann")),
            Kind.INVALID,
        ),
    ],
)
async def test_errors_are_the_same_over_both_transports(
    clients: Clients, path: str, method: str, request_: Any, kind: Kind
) -> None:
    row = STATUS_BY_KIND[kind]
    async with clients.session.get(path) as response:
        problem = await response.json(content_type="application/problem+json")
    assert (response.status, problem["title"]) == (row.http, row.title)
    assert response.headers.get("Retry-After") == ("1" if row.http == 503 else None)
    with pytest.raises(GRPCError) as refused:
        await getattr(clients.stub, method)(request_)
    assert (refused.value.status.name, refused.value.message) == (row.grpc, problem["detail"])


@pytest.mark.parametrize(
    "query",
    ["limit=ten", "limit=0", "limit=1.5", "limit=１", "limt=5", "limit=1&limit=2", "min_version=1"],
)
async def test_query_string_errors_return_problems(clients: Clients, query: str) -> None:
    async with clients.session.get(f"/user?{query}") as response:
        assert response.status == 400


async def test_a_malformed_if_none_match_is_refused(clients: Clients) -> None:
    await clients.view.put(ANN, stored(proto(1)))
    async with clients.session.get(f"/user/{ANN}", headers={"If-None-Match": "1"}) as response:
        assert response.status == 400
