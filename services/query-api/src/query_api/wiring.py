"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from chassis import telemetry
from chassis.admin_server import AdminServer
from chassis.api_access import access
from chassis.grpc_server import GrpcServer
from chassis.grpc_transport import HTTP2
from chassis.health import Health
from chassis.http_server import HttpServer
from chassis.lifecycle import Process
from chassis.redis_connections import client
from query_api import grpc_api, http_api
from query_api.application import UserDirectory, waiters
from query_api.redis_user_views import RedisUserViews
from query_api.settings import Settings
from query_api.shared_reads import SharedUserViews
from user_contracts import descriptors


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """query-api over Redis."""
    telemetry.CONNECTIONS.labels("redis").set(settings.redis_pool)
    connected = client(settings, settings.redis_pool, settings.redis_timeout, reply_timeout=None)
    async with access(settings) as callers, aclosing(connected) as redis:
        views = RedisUserViews(redis, settings.redis_timeout, settings.redis_pool)
        directory = UserDirectory(
            SharedUserViews(views), settings.visible_timeout, waiters(settings.visible_waiters)
        )
        health = Health({"redis": views.ping, **callers.checks})
        host, gate, reuse_port = settings.host, callers.gate, settings.reuse_port
        yield Process(
            [
                AdminServer(health, host, settings.admin_port, settings.limits),
                GrpcServer(
                    [grpc_api.UserQueries(directory)],
                    descriptors(),
                    health,
                    host,
                    settings.grpc_port,
                    gate=gate,
                    reuse_port=reuse_port,
                    limits=settings.limits,
                    http2=HTTP2[settings.http2],
                ),
                HttpServer(
                    http_api.routes(directory),
                    host,
                    settings.http_port,
                    settings.grace,
                    gate=gate,
                    reuse_port=reuse_port,
                    limits=settings.limits,
                ),
            ],
            health,
        )
