"""Every route of every API, over HTTP and gRPC: no token, other scopes, its own scope."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from grpclib.exceptions import GRPCError
from grpclib.health.v1.health_grpc import HealthStub
from grpclib.health.v1.health_pb2 import HealthCheckRequest
from grpclib.reflection.v1.reflection_grpc import ServerReflectionStub
from grpclib.reflection.v1.reflection_pb2 import ServerReflectionRequest

from chassis.auth.authorization import OPEN, Authorizer, scope_of
from chassis.http.server import HttpServer
from chassis.testing import serving
from tests.support.clients.tokens import SCOPES, bearer, token
from tests.support.schemas import contract
from user_contracts import openapi

OPEN_ROUTES = {"/", "/openapi.json", "/docs", "/docs/{asset}"}
SOMEBODY = "01890000-0000-7000-8000-000000000000"


def http_scopes(service: Any) -> dict[tuple[str, str], str | None]:
    """Return (method, path) → the scope of the route."""
    return {
        (one.method, one.path.replace(r":[\s\S]+", "")): scope_of(one.handler)
        for one in service.routes
    }


def grpc_scopes(service: Any) -> dict[str, str | None]:
    """Return route → the scope of the method with its name."""
    return {
        route: scope_of(getattr(service.service, route.rpartition("/")[2].lower()))
        for route in service.methods
    }


def guarded(service: Any) -> Iterator[tuple[str, str, str]]:
    """Return (method, path, scope) of the protected routes."""
    for (method, path), scope in http_scopes(service).items():
        if path not in OPEN_ROUTES:
            assert scope
            yield method, re.sub(r"{\w+}", SOMEBODY, path), scope


def others(scope: str) -> str:
    """Return all scopes but this one."""
    return " ".join(each for each in SCOPES.split() if each != scope)


def test_route_has_a_scope_or_is_listed_as_public(service: Any) -> None:
    scopes = http_scopes(service)
    assert {path for (_, path), scope in scopes.items() if scope == OPEN} == OPEN_ROUTES
    assert {s for (_, path), s in scopes.items() if path not in OPEN_ROUTES} <= set(SCOPES.split())
    assert set(grpc_scopes(service).values()) <= set(SCOPES.split())


def test_the_document_names_the_same_scopes(service: Any) -> None:
    documented = {
        (method.upper(), path): operation["security"]
        for path, item in json.loads(openapi(service.name))["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    }
    guarded_routes = {route: s for route, s in http_scopes(service).items() if s != OPEN}
    assert documented == {route: [{"token": [s]}, {}] for route, s in guarded_routes.items()}


def test_http_and_grpc_require_the_same_scopes(service: Any) -> None:
    assert set(grpc_scopes(service).values()) == set(http_scopes(service).values()) - {OPEN}


async def test_request_without_token_is_401_and_reveals_nothing(service: Any, servers: Any) -> None:
    for method, path, _ in guarded(service):
        async with servers.session.request(method, servers.urls[service.name] + path) as response:
            assert (response.status, response.headers["WWW-Authenticate"]) == (
                401,
                'Bearer realm="api"',
            )
            await contract.check(service.name, response)
    for route in service.methods:
        status, body = await servers.call(service, route)
        assert (status, body["problem-type"]) == ("UNAUTHENTICATED", "urn:problem:unauthenticated")


async def test_token_with_all_other_scopes_is_403(service: Any, servers: Any) -> None:
    for method, path, scope in guarded(service):
        headers = bearer(token(others(scope)))
        url = servers.urls[service.name] + path
        async with servers.session.request(method, url, headers=headers) as response:
            assert response.status == 403, path
            assert (
                f'error="insufficient_scope", scope="{scope}"'
                in response.headers["WWW-Authenticate"]
            )
            await contract.check(service.name, response)
    for route, needed in grpc_scopes(service).items():
        assert needed
        status, body = await servers.call(service, route, bearer(token(others(needed))))
        assert (status, body["problem-type"]) == ("PERMISSION_DENIED", "urn:problem:forbidden")


async def test_token_with_the_scope_alone_is_accepted(service: Any, servers: Any) -> None:
    for method, path, scope in guarded(service):
        url, headers = servers.urls[service.name] + path, bearer(token(scope))
        async with servers.session.request(method, url, headers=headers) as response:
            assert response.status not in (401, 403, 500), path
    for route, needed in grpc_scopes(service).items():
        assert needed
        status, _ = await servers.call(service, route, bearer(token(needed)))
        assert status in ("OK", "INVALID_ARGUMENT", "NOT_FOUND"), route


async def test_public_routes_need_no_token(service: Any, servers: Any) -> None:
    for path in ("/", "/openapi.json", "/docs", "/docs/page.js"):
        async with servers.session.get(servers.urls[service.name] + path) as response:
            assert response.status == 200
    await HealthStub(servers.channels[service.name]).Check(HealthCheckRequest())


async def test_reflection_is_disabled_when_tokens_are_required(service: Any, servers: Any) -> None:
    requests = [ServerReflectionRequest(list_services="")]
    with pytest.raises(GRPCError):  # no such method; grpclib's client reports no more
        await ServerReflectionStub(servers.channels[service.name]).ServerReflectionInfo(requests)


async def test_admin_routes_are_not_on_the_public_port(service: Any, servers: Any) -> None:
    for path in ("/metrics", "/livez", "/readyz", "/connectors", "/debug", "/_cluster/health"):
        url, headers = servers.urls[service.name] + path, bearer(token())
        async with servers.session.get(url, headers=headers) as response:
            assert response.status == 404


async def test_responses_hide_the_server_and_forbid_content_sniffing(
    service: Any, servers: Any
) -> None:
    for path in ("/", "/nowhere", "/docs"):
        async with servers.session.get(servers.urls[service.name] + path) as response:
            assert "Server" not in response.headers
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_route_without_a_declared_scope_is_rejected(
    servers: Any, authorizer: Authorizer
) -> None:
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response()

    http = HttpServer(
        [web.get("/forgotten", forgotten)], "127.0.0.1", 0, grace=1, authorizer=authorizer
    )
    async with serving(http):
        url, headers = f"http://127.0.0.1:{http.port}/forgotten", bearer(token())
        async with servers.session.get(url, headers=headers) as response:
            assert response.status == 403
