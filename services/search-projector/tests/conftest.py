"""An unused alias in OpenSearch, and changes of users' documents."""

from collections.abc import AsyncIterator

import pytest
from opensearchpy import AsyncOpenSearch

from local_stack.addresses import Addresses
from projections.conformance import opensearch as on_opensearch
from projections.conformance.changes import DocumentChanges
from projections.opensearch.generations import OpenSearchGenerations
from user_contracts import opensearch_index

GIVEN = {"last_name": "Lee", "created_at": "2026-01-01T00:00:00Z"}


@pytest.fixture
def changes() -> DocumentChanges:
    return DocumentChanges(GIVEN, text="first_name")


@pytest.fixture
async def client(stack: Addresses) -> AsyncIterator[AsyncOpenSearch]:
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        yield client


@pytest.fixture
async def opensearch_generations(client: AsyncOpenSearch) -> AsyncIterator[OpenSearchGenerations]:
    async with on_opensearch.generations(client, opensearch_index()) as generations:
        yield generations
