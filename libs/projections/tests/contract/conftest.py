"""Views of a generic aggregate, in each store."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch

from local_stack.addresses import Addresses
from projections.conformance import opensearch as on_opensearch
from projections.conformance.changes import DocumentChanges
from projections.opensearch.generations import OpenSearchGenerations
from projections.redis.layout import Layout

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


class Things:
    """A layout whose bucket is the first six hex digits of a key."""

    POINTER = "things:generation"
    NOTES = "things:{things:generation}:operator"
    KEPT = "things:{things:generation}:kept"
    FIRST_GENERATION = "1"
    SHARDS: tuple[str, ...] = ("ma", "ly", "lg")

    def bucket_of(self, key: str, /) -> str:
        return key[:6]

    def hash_key(self, generation: str, key: str, /) -> str:
        return f"{self.bucket_key(generation, self.bucket_of(key))}:{key}"

    def bucket_key(self, generation: str, bucket: str, /) -> str:
        shard = self.SHARDS[int(bucket, 16) % len(self.SHARDS)]
        return f"things:{generation}:{{{shard}}}:{bucket}"

    def directory_key(self, generation: str, /) -> str:
        return f"things:{generation}:{{{self.SHARDS[0]}}}:buckets"

    def offsets_key(self, generation: str, shard: str, /) -> str:
        return f"things:{generation}:{{{shard}}}:offsets"

    def pattern(self, generation: str, /) -> str:
        return f"things:{generation}:*"

    def hashes_pattern(self, generation: str, /) -> str:
        return f"things:{generation}:{{*}}:*:*"


@pytest.fixture
def layout() -> Layout:
    return Things()


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
