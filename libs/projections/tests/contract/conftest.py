"""Views of a generic aggregate, in each store."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch

from local_stack.addresses import Addresses
from projections.conformance import opensearch as on_opensearch
from projections.conformance.changes import DocumentChanges
from projections.opensearch.generations import OpenSearchGenerations
from projections.redis.layout import RedisLayout

DEFINITION: dict[str, Any] = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "500ms"},
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "id": {"type": "keyword"},
            "version": {"type": "long"},
            "text": {"type": "keyword"},
            "deleted": {"type": "boolean"},
            "next_offset": {"type": "long", "index": False},
        },
    },
}


@pytest.fixture
def layout() -> RedisLayout:
    return RedisLayout("things")


@pytest.fixture
def changes() -> DocumentChanges:
    return DocumentChanges(given={}, text="text")


@pytest.fixture
async def client(stack: Addresses) -> AsyncIterator[AsyncOpenSearch]:
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        yield client


@pytest.fixture
async def opensearch_generations(client: AsyncOpenSearch) -> AsyncIterator[OpenSearchGenerations]:
    async with on_opensearch.generations(client, DEFINITION) as generations:
        yield generations
