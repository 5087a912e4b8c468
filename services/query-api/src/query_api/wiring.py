"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from chassis.auth.settings import access
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.observability import telemetry
from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.process.lifecycle import Process
from chassis.stores.redis import client
from http2.implementations import HTTP2
from projections.queries import ViewQueries, waiters
from projections.reader import BatchingReader
from projections.redis.reader import RedisReader
from query_api import grpc_api, http_api
from query_api.application import UserDirectory
from query_api.settings import Settings
from user_contracts import descriptors, redis_users


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """query-api over Redis."""
    telemetry.CONNECTIONS.labels("redis").set(settings.redis_pool)
    connected = client(settings, settings.redis_pool, settings.redis_timeout, reply_timeout=None)
    async with access(settings) as callers, aclosing(connected) as redis:
        views = RedisReader(redis, redis_users, settings.redis_timeout, settings.redis_pool)
        waiting = waiters(settings.visible_waiters)
        queries = ViewQueries(BatchingReader(views), settings.visible_timeout, waiting)
        directory = UserDirectory(queries)
        health = Health({"redis": views.ping, **callers.checks})
        host, authorizer, reuse_port = settings.host, callers.authorizer, settings.reuse_port
        yield Process(
            [
                AdminServer(health, host, settings.admin_port, settings.limits),
                GrpcServer(
                    [grpc_api.UserQueries(directory)],
                    descriptors(),
                    health,
                    host,
                    settings.grpc_port,
                    authorizer=authorizer,
                    reuse_port=reuse_port,
                    limits=settings.limits,
                    http2=HTTP2[settings.http2],
                ),
                HttpServer(
                    http_api.routes(directory),
                    host,
                    settings.http_port,
                    settings.grace,
                    authorizer=authorizer,
                    reuse_port=reuse_port,
                    limits=settings.limits,
                ),
            ],
            health,
        )
