"""The composition root: the only place that builds real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.process.components import Process
from chassis.stores.opensearch_client import connected
from projections.opensearch.generations import OpenSearchGenerations
from projections.process import kafka_projector, process
from projections.spec import ProjectorSpec
from search_projector.projection import project
from search_projector.settings import Settings
from user_contracts import avro_schema, opensearch_index

GROUP = "search-projector"
ALIAS = "users"


@asynccontextmanager
async def projection(settings: Settings) -> AsyncIterator[ProjectorSpec]:
    """Wire search-projector over Kafka and OpenSearch."""
    async with connected(settings, settings.opensearch_timeout) as opensearch:
        views = OpenSearchGenerations(opensearch, opensearch_index(), ALIAS)
        async with kafka_projector(settings, GROUP, views, avro_schema(), project) as spec:
            yield spec


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Wire the projector's process."""
    async with projection(settings) as spec:
        yield process(spec, "opensearch", settings)
