"""Probes against APIs that work, are slow to show a user, or reject requests."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from canary.probe import Apis
from canary.prober import LAST_SUCCESS, PROBES, Prober
from chassis.testing import eventually, serving


@dataclass
class People:
    """Fake of all three APIs; search returns a user at the third poll."""

    users: dict[str, str] = field(default_factory=dict)
    polls: int = 0
    refuses: bool = False
    shows: bool = True

    async def create(self, request: web.Request) -> web.Response:
        if self.refuses:
            return web.Response(status=503)
        self.users["1"] = (await request.json())["last_name"]
        return web.json_response({"id": "1"}, status=201)

    async def get(self, request: web.Request) -> web.Response:
        return web.Response(status=200 if request.match_info["id"] in self.users else 404)

    async def search(self, request: web.Request) -> web.Response:
        self.polls += 1
        is_found = self.shows and self.polls > 2 and request.query["q"] in self.users.values()
        return web.json_response([{"id": "1"}] if is_found else [])

    async def delete(self, request: web.Request) -> web.Response:
        del self.users[request.match_info["id"]]
        return web.Response(status=204)


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
async def apis(people: People) -> AsyncIterator[Apis]:
    app = web.Application()
    app.router.add_post("/user", people.create)
    app.router.add_get("/user/search", people.search)
    app.router.add_get("/user/{id}", people.get)
    app.router.add_delete("/user/{id}", people.delete)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("")).rstrip("/")
        yield Apis(session, url, url, url)


def probes(outcome: str) -> float:
    samples = [sample for metric in PROBES.collect() for sample in metric.samples]
    return sum(s.value for s in samples if s.labels == {"outcome": outcome} and "total" in s.name)


def last_success() -> float:
    ((sample,),) = [metric.samples for metric in LAST_SUCCESS.collect()]
    return float(sample.value)


async def test_probe_waits_for_both_views_and_deletes_its_user(people: People, apis: Apis) -> None:
    await apis.probe()
    assert people.polls == 3
    assert people.users == {}


async def test_successful_probes_are_counted(apis: Apis) -> None:
    before = probes("ok")

    async def is_reported() -> None:
        assert probes("ok") >= before + 2

    async with serving(Prober(apis.probe, every=0.01, within=5)):
        began = last_success()
        await eventually(is_reported)
        assert last_success() > began


@pytest.mark.parametrize("trouble", ["refuses", "hides"])
async def test_failed_probe_is_counted_and_its_user_deleted(
    people: People, apis: Apis, trouble: str
) -> None:
    people.refuses, people.shows = trouble == "refuses", trouble != "hides"
    before = probes("failed")

    async def is_reported() -> None:
        assert probes("failed") > before
        assert people.users == {}

    async with serving(Prober(apis.probe, every=0.01, within=0.3)):
        began = last_success()
        await eventually(is_reported)
        assert last_success() == began
