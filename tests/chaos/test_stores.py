"""Stores are unavailable for a while, or lose their data: T3 to T6."""

import asyncio

import aiohttp
from opensearchpy import AsyncOpenSearch

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.chaos.harness import faults, injection
from tests.chaos.harness.scenario import Chaos
from tests.support.stores.redis_operator import connected

CONNECTOR_BACK_WITHIN = 30.0  # seconds
UNKNOWN_ID = "01890000-0000-7000-8000-ffffffffffff"


async def test_mysql_is_restarted_and_unavailable(chaos: Chaos) -> None:
    async with chaos.scenario("T3: MySQL restarted and unavailable") as scenario:
        for seconds in (0.0, 12.0 * scenario.rounds(1)):
            async with faults.away(chaos.replicas, "mysql"):
                await eventually(lambda: refused_for_now(chaos.stack), within=15)
                await asyncio.sleep(seconds)
            await eventually(
                lambda: faults.connector_runs(chaos.stack), within=CONNECTOR_BACK_WITHIN
            )
            await scenario.writes(100)


async def refused_for_now(stack: Addresses) -> None:
    """Raise AssertionError unless commands are answered 503 with Retry-After.

    The create has no idempotency key, which would be looked up first: the only call to MySQL is the
    one that stores it.
    """
    users, names = f"{stack.http['command-api']}/user", {"first_name": "No", "last_name": "One"}
    async with aiohttp.ClientSession() as session:
        for method, url in (("PATCH", f"{users}/{UNKNOWN_ID}"), ("POST", users)):
            async with session.request(method, url, json=names) as response:
                assert response.status == 503, method
                assert int(response.headers["Retry-After"]) > 0


async def test_connect_is_killed_repeatedly(chaos: Chaos) -> None:
    async with chaos.scenario("T4: Connect killed while working") as scenario:
        for _ in range(scenario.rounds(3)):
            await faults.kill(chaos.replicas, "connect")
            await chaos.replicas.healthy("connector-supervisor")
            await asyncio.sleep(scenario.chance.uniform(0, 3))
        await scenario.silence()
        await injection.repeats(scenario, 300)


async def test_writes_are_accepted_while_kafka_is_unavailable(chaos: Chaos) -> None:
    async with chaos.scenario("T5: Kafka unavailable") as scenario:
        for _ in range(scenario.rounds(1)):
            async with faults.away(chaos.replicas, "kafka"):
                await scenario.writes(400)


async def test_view_stores_are_killed(chaos: Chaos) -> None:
    async with chaos.scenario("T6a: Redis and OpenSearch killed") as scenario:
        for _ in range(scenario.rounds(1)):
            for server in ("redis", "opensearch"):
                await faults.kill(chaos.replicas, server)
            await chaos.replicas.healthy("redis", "opensearch")
            await scenario.writes(100)


async def test_view_stores_lose_their_data(chaos: Chaos) -> None:
    async with chaos.scenario("T6b: FLUSHALL, index deleted", may_go_back=True) as scenario:
        for _ in range(scenario.rounds(1)):
            await lose_the_views(scenario.stack)
            await scenario.writes(100)


async def test_view_stores_that_lose_their_data_recover_without_a_write(chaos: Chaos) -> None:
    async with chaos.scenario("T6c: as T6b, without writes", may_go_back=True) as scenario:
        await scenario.silence()
        await lose_the_views(scenario.stack)


async def lose_the_views(stack: Addresses) -> None:
    async with connected(stack) as redis:
        await redis.flushall()
    async with AsyncOpenSearch(stack.opensearch_url, timeout=20) as client:
        (index,) = await client.indices.get_alias(name="users")
        await client.indices.delete(index=index)
