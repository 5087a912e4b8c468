"""The whole life of one of each aggregate, through every server, by HTTP and by gRPC."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import aiohttp
import pymysql
import pytest
from grpclib.client import Channel
from grpclib.exceptions import GRPCError
from redis.exceptions import NoPermissionError

from chassis.stores.redis import RedisSettings, client
from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.aggregates.under_test import EVERY, AggregateUnderTest
from tests.support.clients.api_clients import split

pytestmark = pytest.mark.e2e


@pytest.fixture(params=EVERY, ids=lambda one: one.plural)
def aggregate(request: pytest.FixtureRequest) -> AggregateUnderTest:
    aggregate: AggregateUnderTest = request.param
    return aggregate


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def unique(aggregate: AggregateUnderTest) -> tuple[str, dict[str, Any]]:
    """What no other test has created, as far as the first text has room for it; and that text."""
    samples = aggregate.samples
    text = f"x{uuid.uuid4().hex}"[: samples.LONGEST]
    return text, samples.GIVEN | {samples.TEXTS[0]: text}


async def test_by_http_it_is_created_found_changed_and_deleted(
    stack: Addresses, session: aiohttp.ClientSession, aggregate: AggregateUnderTest
) -> None:
    async def call(method: str, role: str, path: str, **options: Any) -> tuple[int, Any]:
        url = stack.http[aggregate.program(role)] + path
        async with session.request(method, url, **options) as response:
            return response.status, await response.json(content_type=None)

    text, given = unique(aggregate)
    status, one = await call("POST", "command-api", aggregate.path, json=given)
    assert (status, {name: one[name] for name in given}) == (201, given)
    path, search = f"{aggregate.path}/{one['id']}", f"{aggregate.path}/search/{text}"
    assert await call("GET", "query-api", f"{path}?min_version=1") == (200, one)

    async def found() -> None:
        assert one in (await call("GET", "search-api", search))[1]

    await eventually(found)
    name, other = list(aggregate.samples.OTHER.items())[-1]
    change: dict[str, Any] = {"json": {name: other}, "headers": {"If-Match": '"1"'}}
    _, changed = await call("PATCH", "command-api", path, **change)
    assert changed == one | {name: other, "version": 2}
    assert await call("GET", "query-api", f"{path}?min_version=2") == (200, changed)
    assert (await call("DELETE", "command-api", path))[0] == 204

    async def gone() -> None:
        assert (await call("GET", "query-api", path))[0] == 404
        hits = (await call("GET", "search-api", search))[1]
        assert one["id"] not in {hit["id"] for hit in hits}

    await eventually(gone)
    _, left = await call("GET", "command-api", f"{path}/history")
    assert [event["type"] for event in left] == [aggregate.type("Deleted")]
    subject = f"{stack.registry_url}/subjects/{aggregate.name}.events-value/versions/latest"
    async with session.get(subject) as registered:
        schema = json.loads((await registered.json())["schema"])
    assert schema == aggregate.contracts.avro_schema()


async def test_by_grpc_it_is_created_and_found(
    stack: Addresses, aggregate: AggregateUnderTest
) -> None:
    roles = {"Commands": "command-api", "Queries": "query-api", "Search": "search-api"}
    channels = {
        service: Channel(*split(stack.grpc[aggregate.program(role)]))
        for service, role in roles.items()
    }
    stubs = {service: aggregate.stub(service, channel) for service, channel in channels.items()}
    text, given = unique(aggregate)
    one = await stubs["Commands"].create(aggregate.proto("CreateRequest")(**given))
    assert {name: getattr(one, name) for name in given} == given
    request = aggregate.proto("GetRequest")
    assert await stubs["Queries"].get(request(id=one.id, min_version=1)) == one
    with pytest.raises(GRPCError, match=f"no {aggregate.name} has the id"):
        await stubs["Queries"].get(request(id=str(uuid.uuid4())))

    async def found() -> None:
        answer = await stubs["Search"].search(aggregate.proto("SearchRequest")(query=text))
        assert one in getattr(answer, aggregate.plural)

    await eventually(found)
    for channel in channels.values():
        channel.close()


@pytest.mark.parametrize("role", ["redis_projector", "query_api"])
async def test_in_redis_its_services_reach_their_own_keys_alone(
    stack: Addresses, aggregate: AggregateUnderTest, role: str
) -> None:
    user = aggregate.login(role)
    settings = RedisSettings.model_validate(
        {
            "redis_url": stack.redis_address,
            "redis_cluster": stack.is_redis_cluster,
            "redis_user": user,
            "redis_password": stack.password(user),
        }
    )
    async with aclosing(client(settings, 1, timeout=5, reply_timeout=5)) as redis:
        await redis.get(f"{aggregate.plural}:generation")
        with pytest.raises(NoPermissionError):
            await redis.get("others:generation")


def test_in_mysql_its_events_are_appended_and_never_changed(
    stack: Addresses, aggregate: AggregateUnderTest
) -> None:
    user, table = aggregate.login("command_api"), f"{aggregate.name}_event"
    with pymysql.connect(
        host=stack.mysql_host,
        port=stack.mysql_port,
        user=user,
        password=stack.password(user),
        database=aggregate.plural,
    ) as connection:
        connection.cursor().execute(f"SELECT 1 FROM {table} LIMIT 1")
        for refused in (f"UPDATE {table} SET version = 1", f"DROP TABLE {table}", "USE mysql"):
            with pytest.raises(pymysql.MySQLError, match="denied"):
                connection.cursor().execute(refused)
