"""Limits on the searches of one caller, over both transports, and their effect on others."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from grpclib.client import Channel
from grpclib.const import Cardinality
from grpclib.exceptions import GRPCError
from prometheus_client import REGISTRY

from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.process.health import Health
from chassis.testing import eventually, serving
from projections import searches
from projections.memory.text_index import MemoryTextIndex
from projections.reader import ScoredDocument
from projections.searches import TextSearch
from search_api import grpc_api, http_api
from tests.support.clients.sessions import from_addresses
from user_contracts import descriptors
from user_contracts.proto.user.v1 import SearchRequest, SearchResponse

ATTACKER, OTHER = "127.0.0.1", "127.0.0.2"
LONG = "a b c d e f g"
ANOTHER = "h i j k l m n"
SHORT = "ann"


@dataclass
class Slow(MemoryTextIndex):
    """An index whose searches end one by one, in the order of their begin, as they are let."""

    running: list[str] = field(default_factory=list)
    most: int = 0
    let: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __post_init__(self) -> None:
        super().__init__({})

    async def search(
        self, text: str, after: tuple[float, str] | None, limit: int
    ) -> list[ScoredDocument]:
        self.running.append(text)
        self.most = max(self.most, len(self.running))
        await self.let.acquire()
        self.running.remove(text)
        return []

    def let_all(self) -> None:
        for _ in range(1_000):
            self.let.release()


@dataclass
class Api:
    """Serve search-api, and open a session from each of two addresses."""

    index: Slow
    grpc: Channel
    sessions: dict[str, aiohttp.ClientSession]
    requests: list[asyncio.Task[tuple[int, str | None]]] = field(default_factory=list)

    def request(self, address: str, term: str, count: int) -> None:
        for _ in range(count):
            self.requests.append(asyncio.create_task(self.get(address, term)))

    async def get(self, address: str, term: str) -> tuple[int, str | None]:
        """Return the status, and the header Retry-After."""
        async with self.sessions[address].get("/user/search", params={"q": term}) as response:
            return response.status, response.headers.get("Retry-After")

    async def get_by_grpc(self, term: str) -> tuple[str, Any]:
        async with self.grpc.request(
            "/user.v1.UserSearch/Search", Cardinality.UNARY_UNARY, SearchRequest, SearchResponse
        ) as stream:
            await stream.send_message(SearchRequest(query=term), end=True)
            with pytest.raises(GRPCError) as refused:
                await stream.recv_message()
            metadata: Any = stream.trailing_metadata or stream.initial_metadata
        return refused.value.status.name, metadata.get("retry-after")

    async def run(self, *terms: str) -> None:
        """Return once exactly these searches are running."""

        async def searched() -> None:
            assert sorted(self.index.running) == sorted(terms)

        await eventually(searched)

    async def wait(self, count: int) -> None:
        """Return once so many searches are queued."""

        async def waiting() -> None:
            limits = ("searches", "long searches")
            name = "concurrency_limit_waiting"
            found = [REGISTRY.get_sample_value(name, {"limit": limit}) or 0 for limit in limits]
            assert sum(found) == count

        await eventually(waiting)

    async def refused(self, count: int) -> None:
        async def answered() -> None:
            assert [one.result() for one in self.requests if one.done()] == [(429, "1")] * count

        await eventually(answered)


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(searches, "SEARCHES", 8)
    index = Slow()
    search = TextSearch(index)
    http = HttpServer(http_api.routes(search), "127.0.0.1", 0, grace=1)
    grpc = GrpcServer([grpc_api.UserSearch(search)], descriptors(), Health({}), "127.0.0.1", 0)
    channel = Channel("127.0.0.1", grpc.port)
    async with serving(http, grpc), from_addresses(http.port, (ATTACKER, OTHER)) as sessions:
        try:
            yield Api(index, channel, sessions)
        finally:
            index.let_all()
            channel.close()


async def test_long_searches_of_one_caller_leave_room_for_others(api: Api) -> None:
    api.request(ATTACKER, LONG, 32)
    await api.refused(22)  # of the rest two run, and eight wait
    await api.run(LONG, LONG)
    assert await api.get_by_grpc(LONG) == ("RESOURCE_EXHAUSTED", "1")
    api.request(ATTACKER, SHORT, 2)
    api.request(OTHER, SHORT, 1)
    await api.run(LONG, LONG, SHORT, SHORT, SHORT)
    api.request(OTHER, ANOTHER, 1)
    await api.wait(9)
    api.index.let.release()
    await api.run(LONG, ANOTHER, SHORT, SHORT, SHORT)
    api.index.let_all()
    answers = await asyncio.gather(*api.requests)
    assert answers.count((200, None)) == len(answers) - 22


async def test_searches_of_one_caller_leave_room_for_others(api: Api) -> None:
    api.request(ATTACKER, SHORT, 50)
    await api.run(*[SHORT] * 8)
    api.request(OTHER, "bob", 1)
    await api.wait(43)
    api.index.let.release()
    await api.run("bob", *[SHORT] * 7)
    api.index.let_all()
    assert set(await asyncio.gather(*api.requests)) == {(200, None)}
    assert api.index.most == 8
