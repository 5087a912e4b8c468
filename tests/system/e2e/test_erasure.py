"""After a delete no store has the names: neither the views nor the event store."""

import json

import pymysql
import pytest
from aiokafka import AIOKafkaConsumer
from opensearchpy import AsyncOpenSearch

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient, as_root
from tests.support.stores.redis_operator import connected

pytestmark = pytest.mark.e2e
FIRST, LAST = "Forgetmenot", "Erasmusson"


async def test_a_deleted_user_leaves_no_name_behind(stack: Addresses, http: ApiClient) -> None:
    user = (await http.create(FIRST, LAST))["id"]
    await http.rename(user, f"{FIRST}ten")
    await http.get(user, min_version=2)
    await http.delete(user)

    await eventually(lambda: assert_not_in_redis(stack, user))
    await eventually(lambda: assert_not_in_opensearch(stack, user))
    assert_not_in_mysql(stack, user)
    assert await values_on_topic(stack, user) == [True, True, False, False, True]


async def assert_not_in_redis(stack: Addresses, user: str) -> None:
    async with connected(stack) as redis:
        keys = [key async for key in redis.scan_iter(match=f"*{user}*")]
        assert keys  # one in each generation that is kept
        for key in keys:
            assert await redis.hgetall(key) == {b"version": b"3"}
        async for key in redis.scan_iter(match="users:*", _type="zset"):
            assert await redis.zscore(key, user) is None


async def assert_not_in_opensearch(stack: Addresses, user: str) -> None:
    client = AsyncOpenSearch(stack.opensearch_url)
    try:
        assert await client.exists(index="users", id=user)
        document = await client.get(index="users", id=user)
        assert "first_name" not in document["_source"]
        assert document["_source"]["deleted"] is True
        everywhere = {"query": {"simple_query_string": {"query": f"{FIRST}* {LAST}"}}}
        hits = (await client.search(index="*", body=everywhere))["hits"]["hits"]
        assert user not in json.dumps(hits)
    finally:
        await client.close()


def assert_not_in_mysql(stack: Addresses, user: str) -> None:
    with pymysql.connect(**as_root(stack), database="users") as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT type, version, first_name, last_name FROM user_event WHERE user_id = %s",
            (user,),
        )
        assert cursor.fetchall() == (("UserDeleted", 3, None, None),)


async def values_on_topic(stack: Addresses, user: str) -> list[bool]:
    """Return for each of the user's records whether it has a value; False: a tombstone."""
    consumer = AIOKafkaConsumer(
        "user.events",
        bootstrap_servers=stack.kafka_bootstrap,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        seen: list[bool] = []
        while any([await consumer.position(p) < end for p, end in ends.items()]):
            for messages in (await consumer.getmany(timeout_ms=500)).values():
                seen += [m.value is not None for m in messages if m.key == user.encode()]
        return seen
    finally:
        await consumer.stop()
