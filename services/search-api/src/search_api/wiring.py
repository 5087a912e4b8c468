"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.auth.settings import access
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.observability import telemetry
from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.process.lifecycle import Process
from chassis.stores.opensearch_client import connected
from http2.implementations import HTTP2
from projections.opensearch.reader import OpenSearchReader
from search_api import grpc_api, http_api
from search_api.application import UserSearch, searches
from search_api.opensearch_user_index import OpenSearchUserIndex
from search_api.settings import Settings
from user_contracts import descriptors

ALIAS = "users"


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """search-api over OpenSearch."""
    telemetry.CONNECTIONS.labels("opensearch").set(settings.opensearch_pool)
    connection = connected(
        settings, settings.opensearch_timeout, pool_maxsize=settings.opensearch_pool
    )
    async with access(settings) as callers, connection as opensearch:
        reader = OpenSearchReader(opensearch, ALIAS, settings.opensearch_timeout)
        search = UserSearch(OpenSearchUserIndex(reader), searches(settings.concurrency))
        health = Health({"opensearch": reader.ping, **callers.checks})
        host, authorizer, reuse_port = settings.host, callers.authorizer, settings.reuse_port
        yield Process(
            [
                AdminServer(health, host, settings.admin_port, settings.limits),
                GrpcServer(
                    [grpc_api.UserSearch(search)],
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
                    http_api.routes(search),
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
