"""One trace covers a request, its event in both projectors, and the writes."""

import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientSession, web
from grpclib.client import Channel
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import split
from tests.support.stack.instance import OTLP_PORT
from user_contracts.proto.user.v1 import CreateRequest, UserCommandsStub

pytestmark = pytest.mark.e2e
Traces = dict[str, list[tuple[str, str]]]
"""Trace id → (service, span name)."""
EXPECTED = {
    ("command-api", "append mysql"),
    ("redis-projector", "process user.events"),
    ("redis-projector", "write view"),
    ("search-projector", "process user.events"),
    ("search-projector", "write view"),
}


@pytest.fixture
async def traces() -> AsyncIterator[Traces]:
    """Run an OTLP receiver where the stack's services send their spans; return the traces."""
    received: Traces = defaultdict(list)

    async def receive(request: web.Request) -> web.Response:
        exported = ExportTraceServiceRequest.FromString(await request.read())
        for resource in exported.resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                received[span.trace_id.hex()].append((names["service.name"], span.name))
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", OTLP_PORT).start()
    yield received
    await runner.cleanup()


async def create_by_http(stack: Addresses, headers: dict[str, str]) -> set[str]:
    names = {"first_name": "Tracey", "last_name": "Emin"}
    url = f"{stack.http['command-api']}/user"
    async with ClientSession() as session, session.post(url, json=names, headers=headers) as answer:
        assert answer.status == 201
    return {"POST /user"}


async def create_by_grpc(stack: Addresses, headers: dict[str, str]) -> set[str]:
    request = CreateRequest(first_name="Tracey", last_name="Emin")
    channel = Channel(*split(stack.grpc["command-api"]))
    await UserCommandsStub(channel).create(request, metadata=headers)
    channel.close()
    return {"user.v1.UserCommands/Create"}


async def rename_by_http(stack: Addresses, headers: dict[str, str]) -> set[str]:
    names = {"first_name": "Tracey", "last_name": "Emin"}
    url = f"{stack.http['command-api']}/user"
    async with ClientSession() as session:
        async with session.post(url, json=names) as created:
            user = f"{url}/{(await created.json())['id']}"
        async with session.patch(user, json={"first_name": "T"}, headers=headers) as answer:
            assert answer.status == 200
    return {"PATCH /user/{id}", "newest mysql"}


@pytest.mark.parametrize("command", [create_by_http, create_by_grpc, rename_by_http])
async def test_one_trace_id_covers_the_request_both_projectors_and_their_writes(
    stack: Addresses,
    traces: Traces,
    command: Callable[[Addresses, dict[str, str]], Awaitable[set[str]]],
) -> None:
    trace_id = secrets.token_hex(16)
    traceparent = f"00-{trace_id}-{secrets.token_hex(8)}-01"
    own = await command(stack, {"traceparent": traceparent})

    async def complete() -> None:
        assert set(traces[trace_id]) == EXPECTED | {("command-api", name) for name in own}

    await eventually(complete, within=30)
    spans = [name for service, name in traces[trace_id] if service == "command-api"]
    assert sorted(spans) == sorted({*own, "append mysql"})  # no duplicates
