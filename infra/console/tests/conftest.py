"""The console with fake dependencies, over real sockets."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chassis.http.server import HttpServer
from chassis.stores.kafka import Brokers
from chassis.testing import serving
from console import http_api
from console.apis import Api
from console.commands import Commands
from console.metrics_poller import MetricsPoller
from console.propagation import Propagation
from console.subscribers import Subscribers
from console.topic import Topic

LIMIT = aiohttp.ClientTimeout(10)  # seconds, so that a silent stream fails its test
ID = "0193f6a0-0000-7000-8000-000000000001"
METRICS = """\
projector_lag_records{partition="0"} 2.0
projector_lag_records{partition="1"} 3.0
projector_dead_letters 4.0
projector_freshness_seconds_bucket{le="0.1"} 1.0
projector_freshness_seconds_bucket{le="+Inf"} 1.0
projector_freshness_seconds_sum 0.05
connector_running{part="connector"} 1.0
connector_running{part="task 0"} 0.0
"""


@dataclass(frozen=True)
class Event:
    """Relevant part of an event on the topic."""

    key: bytes
    value: bytes | None = b"event"


@dataclass
class People:
    """Fake of the three APIs and every admin port; tests set what the views show."""

    topic: Topic
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    shows: bool = True
    problem: tuple[int, bytes] | None = None
    requests: list[web.Request] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    metrics_asked: int = 0
    is_mute: bool = False

    async def command(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        if self.problem:
            status, body = self.problem
            return web.Response(status=status, body=body, content_type="application/problem+json")
        user = self.users.pop(ID, {"id": ID, "version": 0})
        user = user | {"version": user["version"] + 1}
        self.topic._remember([Event(ID.encode())])
        headers = {"ETag": f'"{user["version"]}"'}
        if request.method == "DELETE":
            return web.Response(status=204, headers=headers)
        self.users[ID] = user | await request.json()
        status = 201 if request.method == "POST" else 200
        return web.json_response(self.users[ID], status=status, headers=headers)

    async def get(self, request: web.Request) -> web.Response:
        if not self.shows and "min_version" in request.query:
            return web.json_response({"detail": "not yet"}, status=503)
        user = self.users.get(request.match_info["id"])
        return web.json_response(user or {"detail": "no such user"}, status=200 if user else 404)

    async def list(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        link = {"Link": '</user?cursor=next>; rel="next"'}
        return web.json_response(list(self.users.values()), headers=link)

    async def search(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        return web.json_response(list(self.users.values()) if self.shows else [])

    async def readyz(self, _request: web.Request) -> web.Response:
        status = 503 if self.failures else 200
        return web.json_response({"status": "", "failures": self.failures}, status=status)

    async def metrics(self, request: web.Request) -> web.Response:
        self.metrics_asked += 1
        if self.is_mute:
            assert request.transport
            request.transport.close()
        last = f"canary_last_success_timestamp_seconds {time.time() - 5}\n"
        return web.Response(text=METRICS + last)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/user", self.command)
        app.router.add_patch("/user/{id}", self.command)
        app.router.add_delete("/user/{id}", self.command)
        app.router.add_get("/user/search", self.search)
        app.router.add_get("/user/{id}", self.get)
        app.router.add_get("/user", self.list)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)
        return app


@dataclass
class Running:
    """A running console, and an HTTP client for it."""

    page: aiohttp.ClientSession
    subscribers: Subscribers
    http: HttpServer
    metrics_poller: MetricsPoller

    async def stops(self, method: str, path: str, **options: Any) -> dict[str, dict[str, Any]]:
        """Return stop → its line in a command's response."""
        async with self.page.request(method, path, **options) as response:
            assert response.content_type == "application/x-ndjson"
            lines = [msgspec.json.decode(line) for line in (await response.read()).splitlines()]
        return {line["stop"]: line for line in lines}


Start = Callable[[str], AbstractAsyncContextManager[Running]]


@pytest.fixture
def people() -> People:
    people = People(Topic(Brokers(""), "", Subscribers()))
    people.topic.is_read = True
    return people


@pytest.fixture
async def dependencies(people: People) -> AsyncIterator[str]:
    """Run all fake dependencies at one address."""
    async with TestServer(people.app()) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
def start(people: People) -> Start:
    """Run a console with the dependencies at a URL."""

    @asynccontextmanager
    async def running(url: str) -> AsyncIterator[Running]:
        async with aiohttp.ClientSession() as session:
            command, query, search = (
                Api(session, f"{n}-api", url) for n in ("command", "query", "search")
            )
            subscribers = Subscribers()
            commands = Commands(command, Propagation(query, search, people.topic))
            routes = http_api.routes(commands, query, search, subscribers)
            http = HttpServer(routes, "127.0.0.1", 0, grace=5)
            names = ("redis-projector", "search-projector", "connector-supervisor", "canary")
            metrics_poller = MetricsPoller(session, dict.fromkeys(names, url), subscribers)
            async with (
                serving(http, metrics_poller),
                aiohttp.ClientSession(f"http://127.0.0.1:{http.port}", timeout=LIMIT) as page,
            ):
                yield Running(page, subscribers, http, metrics_poller)

    return running


@pytest.fixture
async def console(start: Start, dependencies: str) -> AsyncIterator[Running]:
    async with start(dependencies) as running:
        yield running
