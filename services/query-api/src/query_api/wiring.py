"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from chassis.api_process import Api, api_process
from chassis.auth.settings import access
from chassis.observability import telemetry
from chassis.process.components import Process
from chassis.stores.redis import client
from projections.directory import Directory
from projections.queries import ViewQueries, waiters
from projections.reader import BatchingReader
from projections.redis.layout import RedisLayout
from projections.redis.reader import RedisReader
from query_api import grpc_api, http_api
from query_api.settings import Settings
from user_contracts import descriptors


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Wire query-api over Redis."""
    telemetry.CONNECTIONS.labels("redis").set(settings.redis_pool)
    connected = client(settings, settings.redis_pool, settings.redis_timeout, reply_timeout=None)
    async with access(settings) as callers, aclosing(connected) as redis:
        views = RedisReader(
            redis, RedisLayout("users"), settings.redis_timeout, settings.redis_pool
        )
        waiting = waiters(settings.visible_waiters)
        queries = ViewQueries(BatchingReader(views), settings.visible_timeout, waiting)
        directory = Directory("user", queries)
        api = Api(http_api.routes(directory), grpc_api.UserQueries(directory), descriptors())
        yield api_process(settings, callers, {"redis": views.ping}, api)
