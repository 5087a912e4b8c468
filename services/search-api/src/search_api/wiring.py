"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.api_process import Api, api_process
from chassis.auth.settings import access
from chassis.observability import telemetry
from chassis.process.components import Process
from chassis.stores.opensearch_client import connected
from projections.opensearch.reader import OpenSearchReader
from projections.opensearch.text_index import OpenSearchTextIndex
from projections.searches import TextSearch, searches
from projections.shared_searches import SharedTextIndex
from search_api import former_index, grpc_api, http_api
from search_api.settings import Settings
from user_contracts import descriptors

ALIAS = "users"


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Wire search-api over OpenSearch."""
    telemetry.CONNECTIONS.labels("opensearch").set(settings.opensearch_pool)
    connection = connected(
        settings, settings.opensearch_timeout, pool_maxsize=settings.opensearch_pool
    )
    async with access(settings) as callers, connection as opensearch:
        reader = OpenSearchReader(opensearch, ALIAS, settings.opensearch_timeout)
        index = OpenSearchTextIndex(reader, former_index.tiers)
        search = TextSearch(SharedTextIndex(index), searches(settings.concurrency))
        api = Api(http_api.routes(search), grpc_api.UserSearch(search), descriptors())
        yield api_process(settings, callers, {"opensearch": reader.ping}, api)
