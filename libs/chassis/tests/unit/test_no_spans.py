"""Without an exporter, requests over HTTP and gRPC create no span objects."""

from collections import Counter
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from grpclib.client import Channel
from opentelemetry.sdk.trace import Span
from opentelemetry.trace import NonRecordingSpan, SpanContext

from chassis.grpc.server import GrpcServer
from chassis.http.messages import answer
from chassis.http.server import HttpServer
from chassis.observability import telemetry, tracing
from chassis.process.health import Health
from chassis.testing import serving
from user_contracts import descriptors
from user_contracts.proto.user.v1 import (
    SearchRequest,
    SearchResponse,
    UserSearchBase,
    UserSearchStub,
)

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
REQUESTS = 5


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count OpenTelemetry's span objects, by class."""
    counts: Counter[str] = Counter()

    def count(kind: Any, method: str) -> None:
        original = getattr(kind, method)

        def counting(*args: Any, **options: Any) -> Any:
            counts[kind.__name__] += 1
            return original(*args, **options)

        monkeypatch.setattr(kind, method, counting)

    count(SpanContext, "__new__")
    count(NonRecordingSpan, "__init__")
    count(Span, "__init__")
    monkeypatch.setattr(tracing._sampling, "is_recording", False)
    tracing.configure("test", None, 1)
    return counts


class Search(UserSearchBase):
    async def search(self, search_request: SearchRequest) -> SearchResponse:
        with telemetry.store_call("opensearch", "search"):
            return SearchResponse()


async def read(_request: web.Request) -> web.Response:
    with telemetry.store_call("redis", "list"):
        return answer([])


@pytest.mark.parametrize("headers", [{}, {"traceparent": CALLER}], ids=["new", "continued"])
async def test_http_requests_create_no_spans(
    created: Counter[str], headers: dict[str, str]
) -> None:
    server = HttpServer([web.get("/", read)], "127.0.0.1", 0, grace=5)
    address = f"http://127.0.0.1:{server.port}"
    async with serving(server), aiohttp.ClientSession(address) as session:
        for _ in range(REQUESTS):
            async with session.get("/", headers=headers) as response:
                assert response.status == 200
    assert not created


@pytest.mark.parametrize("headers", [{}, {"traceparent": CALLER}], ids=["new", "continued"])
async def test_grpc_calls_create_no_spans(created: Counter[str], headers: dict[str, str]) -> None:
    server = GrpcServer([Search()], descriptors(), Health({}), "127.0.0.1", 0)
    channel = Channel("127.0.0.1", server.port)
    async with serving(server):
        try:
            for _ in range(REQUESTS):
                await UserSearchStub(channel).search(SearchRequest(), metadata=headers)
        finally:
            channel.close()
    assert not created
