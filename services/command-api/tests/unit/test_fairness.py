"""Many writers on one user run one at a time, and delay no other user's writers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import aiohttp
import pytest
from grpclib.client import Channel
from grpclib.exceptions import GRPCError
from prometheus_client import REGISTRY

from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.limits.concurrency import LimitByKey
from chassis.process.health import Health
from chassis.testing import eventually, serving
from command_api import grpc_api, http_api
from command_api.application import USER, Users
from command_api.user import CreateUser, RenameUser, UserEvent
from eventstore.memory import MemoryEventStore
from user_contracts import descriptors
from user_contracts.proto.user.v1 import RenameRequest, UserCommandsStub

WRITERS = 50
Transports = tuple[aiohttp.ClientSession, UserCommandsStub]


@dataclass
class Slow(MemoryEventStore[UserEvent]):
    """A store in which reading a user takes a while, or blocks while the user is held."""

    looking: Counter[str] = field(default_factory=Counter)
    most: int = 0
    held: set[str] = field(default_factory=set)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__(USER)

    async def newest(self, user_id: str) -> UserEvent | None:
        self.looking[user_id] += 1
        self.most = max(self.most, self.looking[user_id])
        found = await super().newest(user_id)
        for _ in range(3):
            await asyncio.sleep(0)
        if user_id in self.held:
            await self.let.wait()
        self.looking[user_id] -= 1
        return found


@pytest.fixture
def store() -> Slow:
    return Slow()


async def one_waits() -> None:
    assert REGISTRY.get_sample_value("concurrency_limit_waiting", {"limit": "test"}) == 1


@pytest.fixture
def slow(store: Slow, users: Users, new_id: Callable[[datetime], str]) -> Users:
    return replace(users, store=store, new_id=new_id)


def rename(user: UserEvent, number: int) -> RenameUser:
    return RenameUser(user.user_id, f"Ann{number}", None)


async def all_wait_for(store: Slow, user: UserEvent) -> None:
    async def polled() -> None:
        assert store.looking[user.user_id]

    await eventually(polled)


@pytest.mark.parametrize("keys", ["with keys", "without"])
async def test_fifty_writers_on_one_user_run_sequentially(
    slow: Users, store: Slow, keys: str
) -> None:
    ann = await slow.execute(CreateUser("Ann", "Lee"))
    done = await asyncio.gather(
        *(
            slow.execute(rename(ann, number), f"k{number}" if keys == "with keys" else None)
            for number in range(WRITERS)
        )
    )
    assert sorted(event.version for event in done) == list(range(2, WRITERS + 2))
    assert store.most == 1
    assert slow.writers.keys == set()


async def test_others_do_not_wait_for_writers_of_one_user(slow: Users, store: Slow) -> None:
    ann, bob = [await slow.execute(CreateUser(name, "Lee")) for name in ("Ann", "Bob")]
    store.held.add(ann.user_id)
    writers = [asyncio.create_task(slow.execute(rename(ann, n))) for n in range(WRITERS)]
    await all_wait_for(store, ann)
    assert (await slow.execute(rename(bob, 0))).version == 2
    assert store.looking[ann.user_id] == 1
    store.let.set()
    assert len(await asyncio.gather(*writers)) == WRITERS


@asynccontextmanager
async def served(
    users: Users, store: Slow
) -> AsyncIterator[tuple[aiohttp.ClientSession, UserCommandsStub]]:
    http = HttpServer(http_api.routes(users), "127.0.0.1", 0, grace=1)
    grpc = GrpcServer([grpc_api.UserCommands(users)], descriptors(), Health({}), "127.0.0.1", 0)
    channel = Channel("127.0.0.1", grpc.port)
    async with (
        serving(http, grpc),
        aiohttp.ClientSession(f"http://127.0.0.1:{http.port}") as session,
    ):
        try:
            yield session, UserCommandsStub(channel)
        finally:
            store.let.set()
            channel.close()


async def test_writer_above_the_limit_is_refused_by_both_transports(
    slow: Users, store: Slow
) -> None:
    slow = replace(slow, writers=LimitByKey("test", queue=2))
    ann = await slow.execute(CreateUser("Ann", "Lee"))
    store.held.add(ann.user_id)
    async with served(slow, store) as (session, stub):

        async def over_http() -> tuple[int, str | None]:
            body = {"first_name": "Anna"}
            async with session.patch(f"/user/{ann.user_id}", json=body) as response:
                return response.status, response.headers.get("Retry-After")

        first = asyncio.create_task(over_http())
        await all_wait_for(store, ann)
        second = asyncio.create_task(over_http())
        await eventually(one_waits)
        assert await over_http() == (429, "1")
        with pytest.raises(GRPCError) as refused:
            await stub.rename(RenameRequest(id=ann.user_id, first_name="Anna"))
        assert refused.value.status.name == "RESOURCE_EXHAUSTED"
        store.let.set()
        assert {await first, await second} == {(200, None)}


async def test_writer_past_its_deadline_leaves_no_queue_entry(slow: Users, store: Slow) -> None:
    ann = await slow.execute(CreateUser("Ann", "Lee"))
    store.held.add(ann.user_id)
    async with served(slow, store) as (_, stub):
        first = asyncio.create_task(slow.execute(rename(ann, 0)))
        await all_wait_for(store, ann)
        with pytest.raises((GRPCError, TimeoutError)):  # of the server's clock, or the client's
            await stub.rename(RenameRequest(id=ann.user_id, first_name="Late"), timeout=0.2)
        leaving = asyncio.create_task(slow.execute(rename(ann, 1)))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        store.let.set()
        assert (await first).version == 2
        assert (await slow.execute(rename(ann, 2))).version == 3
        assert slow.writers.keys == set()
