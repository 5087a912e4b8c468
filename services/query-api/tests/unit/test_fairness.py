"""Limits on the requests of one caller, over both transports, and their effect on others."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from grpclib.client import Channel
from grpclib.const import Cardinality
from grpclib.exceptions import GRPCError
from prometheus_client import REGISTRY

from chassis.grpc.server import GrpcServer
from chassis.http.pagination import encode_cursor
from chassis.http.server import HttpServer
from chassis.limits.concurrency import ConcurrencyLimit, current_caller
from chassis.process.health import Health
from chassis.testing import eventually, serving
from projections.directory import Directory
from projections.memory.reader import MemoryReader
from projections.queries import ViewQueries, waiters
from projections.reader import StoredView
from query_api import grpc_api, http_api
from tests.support.clients.sessions import from_addresses
from user_contracts import descriptors
from user_contracts.proto.user.v1 import GetRequest, User

ANN = "0192f5a8-4d3c-7a10-8b2e-000000000001"
LATER = f"/user/{ANN}?min_version=2"
AT_ONCE = 4
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


def stored(version: int) -> dict[str, bytes]:
    return {"version": str(version).encode(), "json": b"{}", "proto": bytes(User(id=ANN))}


@dataclass
class Listed(MemoryReader):
    """Views whose pages return when the test allows it, and which record their callers."""

    users: dict[str, Mapping[str, bytes]]
    readers: list[str] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__(self.users)

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, StoredView]]:
        self.readers.append(current_caller.get())
        await self.let.wait()
        return await super().newest(before, limit)


@dataclass
class Counted(MemoryReader):
    """Views that count the reads of a user for each caller."""

    users: dict[str, Mapping[str, bytes]]
    by_task: Counter[asyncio.Task[Any] | None] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__(self.users)

    @property
    def reads(self) -> int:
        return self.by_task.total()

    async def get(self, user_id: str) -> StoredView | None:
        self.by_task[asyncio.current_task()] += 1
        return await super().get(user_id)


@dataclass
class Api:
    """Serve query-api, and open a session from each of the addresses."""

    views: Listed
    grpc: Channel
    sessions: dict[str, aiohttp.ClientSession]

    async def get(self, address: str, path: str) -> tuple[int, str | None]:
        """Return the status, and the header Retry-After."""
        async with self.sessions[address].get(path) as response:
            return response.status, response.headers.get("Retry-After")

    async def get_by_grpc(self, min_version: int) -> tuple[str, Any]:
        async with self.grpc.request(
            "/user.v1.UserQueries/Get", Cardinality.UNARY_UNARY, GetRequest, User
        ) as stream:
            await stream.send_message(GetRequest(id=ANN, min_version=min_version), end=True)
            with pytest.raises(GRPCError) as refused:
                await stream.recv_message()
            metadata: Any = stream.trailing_metadata or stream.initial_metadata
        return refused.value.status.name, metadata.get("retry-after")


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    views = Listed({ANN: stored(1)})
    directory = Directory("user", ViewQueries(views, 20, ConcurrencyLimit("min_version", AT_ONCE)))
    http = HttpServer(http_api.routes(directory), "127.0.0.1", 0, grace=1)
    grpc = GrpcServer([grpc_api.UserQueries(directory)], descriptors(), Health({}), "127.0.0.1", 0)
    channel = Channel("127.0.0.1", grpc.port)
    async with serving(http, grpc), from_addresses(http.port, ADDRESSES) as sessions:
        try:
            yield Api(views, channel, sessions)
        finally:
            views.let.set()
            views.users[ANN] = stored(2)
            channel.close()


async def waiting(api: Api, address: str, count: int) -> list[asyncio.Task[tuple[int, str | None]]]:
    """Add a number of requests that wait for a version."""
    before = number_waiting()
    tasks = [asyncio.create_task(api.get(address, LATER)) for _ in range(count)]
    await wait_until_waiting(before + count)
    return tasks


def number_waiting() -> float:
    return REGISTRY.get_sample_value("concurrency_limit_running", {"limit": "min_version"}) or 0


async def wait_until_waiting(count: float) -> None:
    async def so_many() -> None:
        assert number_waiting() == count

    await eventually(so_many)


async def test_waits_of_one_caller_are_bounded_and_others_are_served(api: Api) -> None:
    attacker, other, _ = ADDRESSES
    tasks = await waiting(api, attacker, AT_ONCE // 2)
    assert await api.get(attacker, LATER) == (429, "1")
    assert await api.get_by_grpc(2) == ("RESOURCE_EXHAUSTED", "1")
    assert await api.get(attacker, f"/user/{ANN}?min_version=1") == (200, None)
    tasks += await waiting(api, other, 1)
    api.views.users[ANN] = stored(2)
    assert await asyncio.gather(*tasks) == [(200, None)] * len(tasks)


async def test_waits_of_all_callers_are_bounded(api: Api) -> None:
    one, two, other = ADDRESSES
    tasks = await waiting(api, one, AT_ONCE // 2) + await waiting(api, two, AT_ONCE // 2)
    assert await api.get(other, LATER) == (503, "1")
    assert await api.get_by_grpc(2) == ("UNAVAILABLE", "1")
    assert await api.get(other, f"/user/{ANN}") == (200, None)
    api.views.users[ANN] = stored(2)
    assert await asyncio.gather(*tasks) == [(200, None)] * len(tasks)


async def test_a_wait_ends_when_its_client_leaves(api: Api) -> None:
    calls = [asyncio.create_task(api.get_by_grpc(2)) for _ in range(AT_ONCE // 2)]
    await wait_until_waiting(AT_ONCE // 2)
    for call in calls:
        call.cancel()
    await wait_until_waiting(0)


async def test_first_page_is_shared_and_later_pages_are_not(api: Api) -> None:
    attacker, other, _ = ADDRESSES
    further = f"/user?cursor={encode_cursor(ANN)}"
    requests = [(attacker, further), (other, further), (attacker, "/user"), (other, "/user")]
    tasks = [asyncio.create_task(api.get(*one)) for one in requests]

    async def read() -> None:
        assert {attacker, other, ""} <= set(api.views.readers)

    await eventually(read)
    api.views.let.set()
    assert {status for status, _ in await asyncio.gather(*tasks)} == {200}


async def test_a_wait_in_the_queue_does_not_read_the_view() -> None:
    views = Counted({ANN: stored(1)})
    directory = Directory("user", ViewQueries(views, 20, waiters(1)))
    tasks = [asyncio.create_task(directory.get(ANN, 2)) for _ in range(3)]
    await wait_until_waiting(1)
    queued = tasks[1:]

    async def first_has_read_often() -> None:
        assert views.reads > 10

    await eventually(first_has_read_often)
    assert {views.by_task[task] for task in queued} == {1}
    views.users[ANN] = stored(2)
    assert [view.version for view in await asyncio.gather(*tasks)] == [2, 2, 2]
