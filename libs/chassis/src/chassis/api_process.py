"""The process of an API: the admin port, HTTP and gRPC over one application."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from chassis.auth.authorization import Authorizer
from chassis.auth.settings import Access, ApiSettings
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.process.admin_server import AdminServer
from chassis.process.components import Component, Process
from chassis.process.health import Check, Health
from http2.implementations import HTTP2


@dataclass(frozen=True, slots=True)
class Api:
    """The HTTP routes and the gRPC service of an API."""

    routes: Iterable[web.RouteDef]
    service: Any
    """The implementation of the gRPC service."""
    descriptors: bytes
    """The contracts that gRPC reflection returns."""


def api_process(
    settings: ApiSettings,
    callers: Access,
    checks: Mapping[str, Check],
    api: Api,
    background: Sequence[Component] = (),
) -> Process:
    """Return the process that serves the API.

    checks: readiness checks of its dependencies; those of authorization are added.
    background: components that start before the servers and are drained after them.
    Raises CannotListen.
    """
    health = Health({**checks, **callers.checks})
    admin = AdminServer(health, settings.host, settings.admin_port, settings.limits)
    return Process(
        [admin, *background, *servers(settings, callers.authorizer, health, api)], health
    )


def servers(
    settings: ApiSettings, authorizer: Authorizer, health: Health, api: Api
) -> tuple[GrpcServer, HttpServer]:
    """Listen on both ports of the API; raises CannotListen."""
    grpc = GrpcServer(
        [api.service],
        api.descriptors,
        health,
        settings.host,
        settings.grpc_port,
        authorizer=authorizer,
        reuse_port=settings.reuse_port,
        limits=settings.limits,
        http2=HTTP2[settings.http2],
    )
    http = HttpServer(
        api.routes,
        settings.host,
        settings.http_port,
        settings.grace,
        authorizer=authorizer,
        reuse_port=settings.reuse_port,
        limits=settings.limits,
    )
    return grpc, http
