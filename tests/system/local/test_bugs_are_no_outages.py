"""Missing privileges, invalid scripts and queries: 500 with a log line, or the process exits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
import pytest
from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from opensearchpy import AsyncOpenSearch
from redis.asyncio.cluster import RedisCluster

from chassis.http.server import HttpServer
from chassis.stores.errors.failure import StoreError
from chassis.stores.redis import RedisSettings, client
from chassis.testing import eventually, serving
from local_stack.addresses import Addresses
from projections.opensearch import clauses, text_index
from projections.opensearch.reader import OpenSearchReader
from projections.redis import views as redis_views
from projections.redis.change import RedisChange
from projections.redis.layout import RedisLayout
from projections.searches import TextSearch
from search_api import http_api
from tests.support.stack.logged_program import LoggedProgram, logged
from user_contracts.proto.user.v1 import CreateRequest, UserCommandsStub

LAYOUT = RedisLayout("users")

pytestmark = pytest.mark.e2e
SECRET = "Qwertz"
USER = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"


@pytest.fixture
def ports(unused_ports: list[int]) -> dict[str, str]:
    names = ("HTTP_PORT", "GRPC_PORT", "ADMIN_PORT")
    return {name: str(port) for name, port in zip(names, unused_ports, strict=False)}


@pytest.fixture
async def powerless(stack: Addresses, ports: dict[str, str]) -> AsyncIterator[LoggedProgram]:
    """Run command-api as a MySQL user that may read, but not insert."""
    settings = {
        "MYSQL_PORT": str(stack.mysql_port),
        "MYSQL_USER": "auditor",
        "MYSQL_PASSWORD": stack.password("auditor"),
        **ports,
    }
    environment = {f"COMMAND_API_{name}": value for name, value in settings.items()}
    async with logged("command-api", environment) as program:
        await eventually(lambda: answers(ports["ADMIN_PORT"], "/readyz", 200), within=30)
        yield program


async def answers(port: str, path: str, status: int) -> None:
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}{path}") as response,
        ):
            assert response.status == status
    except aiohttp.ClientConnectionError as error:
        raise AssertionError from error


def errors_of_requests(program: LoggedProgram) -> list[dict[str, Any]]:
    """Return errors of requests only: this user may not remove old responses in the background."""
    return [line for line in program.logged("error") if "trace_id" in line]


async def only_error(program: LoggedProgram) -> dict[str, Any]:
    """Return the one error of a request; its line may be read after its response."""

    async def one() -> dict[str, Any]:
        errors = errors_of_requests(program)
        assert len(errors) == 1
        return errors[0]

    return await eventually(one)


async def create(port: str) -> tuple[int, dict[str, Any], str | None]:
    names = {"first_name": SECRET, "last_name": SECRET}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/user", json=names) as response,
    ):
        return response.status, await response.json(), response.headers.get("Retry-After")


async def test_missing_insert_privilege_is_500_and_one_error_with_the_trace_id(
    powerless: LoggedProgram, ports: dict[str, str]
) -> None:
    status, problem, retry_after = await create(ports["HTTP_PORT"])
    assert (status, problem["type"], retry_after) == (500, "urn:problem:internal", None)
    assert "INSERT" not in str(problem)
    assert "1142" not in str(problem)
    line = await only_error(powerless)
    assert line["trace_id"] == problem["trace_id"]
    assert "1142 INSERT command denied" in line["error"]
    assert powerless.logged("warning") == []
    assert SECRET not in str(powerless.lines)
    await answers(ports["ADMIN_PORT"], "/readyz", 200)  # reads work, and every replica is alike


async def test_missing_insert_privilege_has_the_same_result_over_grpc(
    powerless: LoggedProgram, ports: dict[str, str]
) -> None:
    channel = Channel("127.0.0.1", int(ports["GRPC_PORT"]))
    try:
        with pytest.raises(GRPCError) as refused:
            await UserCommandsStub(channel).create(CreateRequest(SECRET, SECRET))
    finally:
        channel.close()
    assert refused.value.status is Status.INTERNAL
    assert "INSERT" not in str(refused.value.message)
    line = await only_error(powerless)
    assert "1142" in line["error"]


async def lines_of(program: LoggedProgram, requests: int) -> tuple[list[Any], list[Any]]:
    """Return the errors, and the lines that refer to them, once each request has one."""
    errors = errors_of_requests(program)
    others = [line for line in program.logged("info") if "first_trace" in line]
    assert len(errors) + len(others) == requests
    return errors, others


async def test_one_bug_in_concurrent_requests_is_one_error_found_by_each_trace_id(
    powerless: LoggedProgram, ports: dict[str, str]
) -> None:
    found = await asyncio.gather(*(create(ports["HTTP_PORT"]) for _ in range(60)))
    assert {status for status, _, _ in found} == {500}
    errors, others = await eventually(partial(lines_of, powerless, len(found)))
    assert len(errors) < len(found) / 2  # creates share transactions, and so their errors
    traces = {line["trace_id"] for line in [*errors, *others]}
    assert traces == {problem["trace_id"] for _, problem, _ in found}
    assert {line["first_trace"] for line in others} <= {line["trace_id"] for line in errors}


async def test_query_rejected_by_opensearch_is_500_with_an_error(
    stack: Addresses,
    unused_ports: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = {"no_such_query": {SECRET: SECRET}}
    monkeypatch.setattr(clauses, "whole", lambda _text: wrong)
    async with AsyncOpenSearch(stack.opensearch_url) as opensearch:
        reader = OpenSearchReader(opensearch, "users", 5)
        index = text_index.OpenSearchTextIndex(reader)
        server = HttpServer(http_api.routes(TextSearch(index)), "127.0.0.1", 0, 1)
        url = f"http://127.0.0.1:{server.port}/user/search/{SECRET}"
        async with serving(server), aiohttp.ClientSession() as session, session.get(url) as found:
            problem = await found.json()
    assert (found.status, problem["type"]) == (500, "urn:problem:internal")
    logs = capsys.readouterr().out
    assert "400 parsing_exception" in logs
    assert SECRET not in logs


async def emptied(nodes: str) -> RedisCluster:
    """Return the cluster of contract tests, emptied."""
    settings = RedisSettings.model_validate({"redis_url": nodes, "redis_cluster": True})
    redis = client(settings, 2, timeout=5, reply_timeout=5)
    assert isinstance(redis, RedisCluster)
    await redis.flushdb()
    return redis


@pytest.mark.parametrize("key", [LAYOUT.notes, LAYOUT.offsets_key("1", "ma")])
async def test_view_of_the_wrong_type_ends_the_projector(
    stack: Addresses, redis_cluster: str, ports: dict[str, str], key: str
) -> None:
    """WRONGTYPE is a bug, or a manual write: no retry fixes it."""
    async with aclosing(await emptied(redis_cluster)) as redis:
        await redis.set(key, SECRET)
        settings = {
            "KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
            "REGISTRY_URL": stack.registry_url,
            "REDIS_URL": redis_cluster,
            "REDIS_CLUSTER": "true",
            "ADMIN_PORT": ports["ADMIN_PORT"],
        }
        environment = {f"REDIS_PROJECTOR_{name}": value for name, value in settings.items()}
        async with logged("redis-projector", environment) as program:
            assert await program.ended(within=60) == 1
        await redis.flushdb()
    (line,) = program.logged("critical")
    assert "WRONGTYPE" in line["error"]
    assert SECRET not in str(program.lines)


@pytest.mark.parametrize("script", ["this is no Lua", "error(ARGV[1])", "return nil + ARGV[1]"])
async def test_script_with_a_mistake_is_not_retried(
    redis_cluster: str, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(redis_views, "APPLY", script)
    change = RedisChange(USER, 1, datetime(2026, 1, 1, tzinfo=UTC), SECRET.encode(), b"")
    async with aclosing(await emptied(redis_cluster)) as redis:
        with pytest.raises(StoreError) as refused:
            await redis_views.RedisViews(redis, LAYOUT, "1").apply([change])
    assert SECRET not in str(refused.value)
    assert USER not in str(refused.value)
