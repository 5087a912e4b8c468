"""HTTP and gRPC servers: the same problems, limits, and graceful drain."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.const import Cardinality, Status
from grpclib.exceptions import GRPCError
from grpclib.health.v1.health_grpc import HealthStub
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpclib.reflection.v1.reflection_grpc import ServerReflectionStub
from grpclib.reflection.v1.reflection_pb2 import ServerReflectionRequest
from structlog.testing import capture_logs

from chassis.grpc import stream as grpc_stream
from chassis.grpc.codec import Codec
from chassis.grpc.server import GrpcServer
from chassis.grpc.stream import MAX_MESSAGE
from chassis.http import messages
from chassis.http.messages import MAX_BODY, answer, read_json
from chassis.http.server import HttpServer
from chassis.observability import telemetry, tracing
from chassis.problems import STATUS_BY_KIND, Kind, Problem, Unavailable
from chassis.process.health import Health
from chassis.testing import eventually, serving
from user_contracts import descriptors
from user_contracts.proto.user.v1 import (
    SearchRequest,
    SearchResponse,
    UserSearchBase,
    UserSearchStub,
)

ALL = [
    type(
        kind.name.title(),
        (Problem,),
        {"kind": kind, "retry_after": 1 if kind == "unavailable" else None},
    )
    for kind in Kind
]


@pytest.fixture(scope="module", autouse=True)
def _tracing() -> None:
    telemetry.configure_logs("test", "warning")
    tracing.configure("test", None, 1)


@dataclass(eq=False)
class Servers(UserSearchBase):
    """One operation behind both transports; each test chooses what it does."""

    operation: Callable[[], Any] = lambda: None
    running: int = 0
    http: HttpServer = field(init=False)
    grpc: GrpcServer = field(init=False)

    def __post_init__(self) -> None:
        routes = [web.get("/", self._get), web.post("/", self._post)]
        self.http = HttpServer(routes, "127.0.0.1", 0, grace=5)
        self.grpc = GrpcServer([self], descriptors(), Health({}), "127.0.0.1", 0)

    async def _run(self) -> None:
        self.running += 1
        result = self.operation()
        if asyncio.iscoroutine(result):
            await result

    async def _get(self, _request: web.Request) -> web.Response:
        await self._run()
        return answer([])

    async def _post(self, request: web.Request) -> web.Response:
        return answer(await read_json(request, dict[str, str]))

    async def search(self, search_request: SearchRequest) -> SearchResponse:
        await self._run()
        return SearchResponse(next_cursor=search_request.query)


@asynccontextmanager
async def opened(servers: Servers) -> AsyncIterator[tuple[aiohttp.ClientSession, UserSearchStub]]:
    channel = Channel("127.0.0.1", servers.grpc.port)
    async with (
        serving(servers.http, servers.grpc),
        aiohttp.ClientSession(f"http://127.0.0.1:{servers.http.port}") as session,
    ):
        try:
            yield session, UserSearchStub(channel)
        finally:
            channel.close()


@pytest.mark.parametrize("problem", ALL, ids=lambda p: p.kind)
async def test_problem_has_one_table_row_for_http_and_grpc(problem: type[Problem]) -> None:
    def fail() -> None:
        raise problem("because")

    async with opened(Servers(fail)) as (session, stub):
        async with session.get("/") as response:
            body = await response.json(content_type="application/problem+json")
        with pytest.raises(GRPCError) as refused:
            await stub.search(SearchRequest())
    row = STATUS_BY_KIND[problem.kind]
    assert (response.status, body["status"], body["title"]) == (row.http, row.http, row.title)
    assert (body["type"], body["detail"]) == (f"urn:problem:{problem.kind}", "because")
    assert len(body["trace_id"]) == 32
    assert (refused.value.status, refused.value.message) == (Status[row.grpc], "because")
    assert response.headers.get("Retry-After") == ("1" if problem.retry_after else None)


async def test_bug_response_reveals_no_internals() -> None:
    def fail() -> None:
        raise KeyError("password")

    async with opened(Servers(fail)) as (session, stub):
        async with session.get("/") as response:
            text = await response.text()
        with pytest.raises(GRPCError) as refused:
            await stub.search(SearchRequest())
    assert response.status == 500
    assert "password" not in text
    assert refused.value.status is Status.INTERNAL
    assert "password" not in str(refused.value.message)


async def test_error_text_of_a_dependency_is_not_sent_to_clients() -> None:
    def fail() -> None:
        raise Unavailable("redis: ConnectionError('Error 111 connecting to 10.0.0.7:6379')")

    async with opened(Servers(fail)) as (session, stub):
        async with session.get("/") as response:
            problem = await response.json(content_type="application/problem+json")
        with pytest.raises(GRPCError) as refused:
            await stub.search(SearchRequest())
    assert problem["detail"] == refused.value.message == "redis"


async def test_running_requests_finish_and_new_ones_are_refused_while_draining() -> None:
    release = asyncio.Event()
    servers = Servers(release.wait)
    tasks = [asyncio.create_task(servers.http.serve()), asyncio.create_task(servers.grpc.serve())]
    channel = Channel("127.0.0.1", servers.grpc.port)
    stub = UserSearchStub(channel)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{servers.http.port}") as session:
        by_http = asyncio.create_task(session.get("/"))
        by_grpc = asyncio.create_task(stub.search(SearchRequest(query="q")))

        async def both_run() -> None:
            assert servers.running == 2

        await eventually(both_run)
        tasks += [
            asyncio.create_task(servers.http.drain()),
            asyncio.create_task(servers.grpc.drain()),
        ]
        await asyncio.sleep(0)
        with pytest.raises(GRPCError) as refused:
            await stub.search(SearchRequest())
        assert refused.value.status is Status.UNAVAILABLE
        release.set()
        assert (await by_http).status == 200
        assert (await by_grpc).next_cursor == "q"
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get("/")
    channel.close()
    await asyncio.gather(*tasks)


async def test_oversized_request_is_refused_by_both_transports() -> None:
    async with opened(Servers()) as (session, stub):
        async with session.post("/", json={"a": "x" * MAX_BODY}) as response:
            assert response.status == 413
        with pytest.raises(GRPCError) as refused:
            await stub.search(SearchRequest(query="x" * MAX_MESSAGE))
    assert refused.value.status is Status.RESOURCE_EXHAUSTED


async def test_missing_body_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "BODY_WITHIN", 0.05)
    never = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    async with opened(Servers()) as (session, _):
        headers = {"Content-Type": "application/json"}
        async with session.post("/", data=body(), headers=headers) as response:
            assert response.status == 408


async def test_missing_message_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grpc_stream, "MESSAGE_WITHIN", 0.05)
    async with opened(Servers()) as (_, stub):
        route = "/user.v1.UserSearch/Search"
        channel = stub.channel

        async def call() -> None:
            async with channel.request(
                route, Cardinality.UNARY_UNARY, SearchRequest, SearchResponse
            ) as stream:
                await stream.send_request()
                await stream.recv_initial_metadata()

        with pytest.raises(GRPCError) as refused:
            await call()
    assert refused.value.status is Status.DEADLINE_EXCEEDED


@pytest.mark.parametrize("end", [None, Problem("too late")], ids=["answered", "refused"])
async def test_disconnecting_grpc_client_logs_no_error(
    end: Problem | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def operation() -> None:
        with suppress(asyncio.CancelledError):  # as asyncio.wait_for of Python 3.11 may
            await asyncio.sleep(30)
        if end:
            raise end

    async def ended() -> None:
        assert not servers.grpc._in_flight._running

    servers = Servers(operation)
    with capture_logs() as ours:
        async with opened(servers) as (_, stub):
            call = asyncio.create_task(stub.search(SearchRequest()))
            await eventually(lambda: is_running(servers))
            call.cancel()
            await eventually(ended)
    assert [entry for entry in ours if entry["log_level"] == "error"] == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def is_running(servers: Servers) -> None:
    assert servers.running


@pytest.mark.parametrize(
    ("method", "path", "options", "kind"),
    [
        ("GET", "/nowhere", {}, Kind.NO_SUCH_ROUTE),
        ("DELETE", "/", {}, Kind.METHOD_NOT_ALLOWED),
        ("POST", "/", {"data": "{}"}, Kind.UNSUPPORTED_MEDIA_TYPE),
        ("POST", "/", {"data": "{", "headers": {"Content-Type": "application/json"}}, Kind.INVALID),
        ("POST", "/", {"json": [1]}, Kind.INVALID),
        ("POST", "/", {"json": {"a": 1}}, Kind.INVALID),
    ],
)
async def test_http_errors_are_problems(
    method: str, path: str, options: dict[str, Any], kind: Kind
) -> None:
    async with (
        opened(Servers()) as (session, _),
        session.request(method, path, **options) as response,
    ):
        problem = await response.json(content_type="application/problem+json")
    assert (response.status, problem["type"]) == (STATUS_BY_KIND[kind].http, f"urn:problem:{kind}")


async def test_undecodable_message_is_invalid() -> None:
    servers = Servers()
    async with opened(servers):
        channel = Channel("127.0.0.1", servers.grpc.port, codec=Codec())
        search = UnaryUnaryMethod[bytes, SearchResponse](
            channel, "/user.v1.UserSearch/Search", bytes, SearchResponse
        )
        with pytest.raises(GRPCError) as refused:
            await search(b"\xff\xff\xff")
        channel.close()
    assert refused.value.status is Status.INVALID_ARGUMENT


async def test_grpc_has_health_and_reflection() -> None:
    async with opened(Servers()) as (_, stub):
        health = await HealthStub(stub.channel).Check(HealthCheckRequest())
        questions = [
            ServerReflectionRequest(list_services=""),
            ServerReflectionRequest(file_containing_symbol="user.v1.UserSearch"),
        ]
        services, found = await ServerReflectionStub(stub.channel).ServerReflectionInfo(questions)
    assert health.status == HealthCheckResponse.SERVING
    names = {service.name for service in services.list_services_response.service}
    assert "user.v1.UserSearch" in names
    assert found.file_descriptor_response.file_descriptor_proto
