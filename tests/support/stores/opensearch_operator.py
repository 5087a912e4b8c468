"""OpenSearch client of an operator, for one node or several, of which one may be unavailable."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opensearchpy import AsyncOpenSearch

from chassis.stores import opensearch_client
from chassis.stores.opensearch_client import OpenSearchSettings
from local_stack.addresses import Addresses


@asynccontextmanager
async def connected(stack: Addresses, within: float = 20) -> AsyncIterator[AsyncOpenSearch]:
    settings = OpenSearchSettings.model_validate(
        {"opensearch_url": ",".join(stack.opensearch_nodes)}
    )
    async with opensearch_client.connected(settings, within) as client:
        yield client
