"""Features of HTTP alone: locations, entity tags, links."""

from collections.abc import AsyncIterator
from importlib.metadata import version

import pytest
from aiohttp import ClientSession

from chassis.http.server import HttpServer
from chassis.testing import serving
from command_api import http_api
from command_api.application import Users

ANN = {"first_name": "Ann", "last_name": "Lee"}


@pytest.fixture
async def session(users: Users) -> AsyncIterator[ClientSession]:
    http = HttpServer(http_api.routes(users), "127.0.0.1", 0, grace=1)
    async with serving(http), ClientSession(f"http://127.0.0.1:{http.port}") as session:
        yield session


async def test_a_created_user_has_a_location_and_an_entity_tag(session: ClientSession) -> None:
    async with session.post("/user", json=ANN) as response:
        user = await response.json()
    assert response.status == 201
    assert response.headers["Location"] == f"/user/{user['id']}"
    assert response.headers["ETag"] == '"1"'
    assert user.keys() == {"id", "first_name", "last_name", "created_at", "version"}
    assert user["created_at"] == "2026-01-01T12:00:00.123456Z"


async def test_every_change_gives_the_next_entity_tag(session: ClientSession) -> None:
    async with session.post("/user", json=ANN) as response:
        location = response.headers["Location"]
    async with session.patch(
        location, json={"first_name": "Anna"}, headers={"If-Match": '"1"'}
    ) as response:
        assert (response.status, response.headers["ETag"]) == (200, '"2"')
    async with session.delete(location, headers={"If-Match": "*"}) as response:
        assert (response.status, response.headers["ETag"]) == (204, '"3"')


@pytest.mark.parametrize(
    "tags",
    ['"2"', 'W/"2", "2"', '"1", "2"', '"2","7"', '"1" , , "2",', '"a,b", "2"', ', "2"', "*"],
)
async def test_change_with_one_matching_if_match_tag_succeeds(
    session: ClientSession, tags: str
) -> None:
    location = await at_version_2(session)
    async with session.delete(location, headers={"If-Match": tags}) as response:
        assert (response.status, response.headers["ETag"]) == (204, '"3"')


@pytest.mark.parametrize(
    "tags",
    ['W/"2"', '"1", "3"', '"one"', '"0"', '""', '"02"', '"9999999999"', 'W/"1", W/"2"', '"é"'],
)
async def test_a_change_without_a_matching_if_match_tag_returns_412(
    session: ClientSession, tags: str
) -> None:
    """Weak tags never match (RFC 9110 §13.1.1), nor do tags that are not versions."""
    location = await at_version_2(session)
    async with session.delete(location, headers={"If-Match": tags}) as response:
        assert response.status == 412


@pytest.mark.parametrize(
    "tags", ["2", "", ",", '"2', '"2" "1"', '"1", two', "W/", 'w/"2"', '*, "2"', '"2"; "1"', "'2'"]
)
async def test_malformed_if_match_is_rejected(session: ClientSession, tags: str) -> None:
    location = await at_version_2(session)
    async with session.delete(location, headers={"If-Match": tags}) as response:
        assert response.status == 400
        assert "If-Match" in (await response.json(content_type=None))["detail"]


@pytest.mark.parametrize(("lines", "status"), [(('"1"', '"2"'), 204), (('"1"', "2"), 400)])
async def test_if_match_may_be_on_several_lines(
    session: ClientSession, lines: tuple[str, str], status: int
) -> None:
    location = await at_version_2(session)
    headers = [("If-Match", line) for line in lines]
    async with session.delete(location, headers=headers) as response:
        assert response.status == status


async def at_version_2(session: ClientSession) -> str:
    """Return the location of a user that was renamed once."""
    async with session.post("/user", json=ANN) as response:
        location: str = response.headers["Location"]
    async with session.patch(location, json={"first_name": "Anna"}) as response:
        assert response.headers["ETag"] == '"2"'
    return location


async def test_a_long_history_links_to_its_next_page(session: ClientSession) -> None:
    async with session.post("/user", json=ANN) as response:
        location = response.headers["Location"]
    for number in range(4):
        await session.patch(location, json={"first_name": f"Ann {number}"})
    url, versions = f"{location}/history?limit=2", []
    while url:
        async with session.get(url) as response:
            versions += [event["version"] for event in await response.json()]
            after = response.links.get("next")
            url = str(after["url"].relative()) if after else ""  # type: ignore[union-attr] # aiohttp's links are URLs
    assert versions == [1, 2, 3, 4, 5]


async def test_null_name_is_rejected(session: ClientSession) -> None:
    async with session.post("/user", json=ANN) as response:
        location = response.headers["Location"]
    names = {"first_name": "Anna", "last_name": None}
    async with session.patch(location, json=names) as response:
        assert response.status == 400


async def test_unknown_parameter_is_rejected(session: ClientSession) -> None:
    async with session.post("/user?dry_run=1", json=ANN) as response:
        assert response.status == 400


async def test_root_returns_name_and_version(session: ClientSession) -> None:
    async with session.get("/") as response:
        assert await response.json() == {"name": "command-api", "version": version("command-api")}
