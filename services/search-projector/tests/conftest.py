"""The indexes that the one contract suite runs over, each empty."""

import uuid
from collections.abc import AsyncIterator

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.projection import Views
from local_stack.addresses import Addresses
from search_projector.memory_user_index import MemoryUserIndex
from search_projector.opensearch_user_index import OpenSearchUserIndex
from search_projector.projection import UserChange
from user_contracts import opensearch_index


@pytest.fixture
async def client(stack: Addresses) -> AsyncIterator[AsyncOpenSearch]:
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        yield client


@pytest.fixture
async def opensearch(client: AsyncOpenSearch) -> AsyncIterator[OpenSearchUserIndex]:
    """An index of its own beside the one that serves, which keeps the alias."""
    index = OpenSearchUserIndex(client, f"test-{uuid.uuid4().hex[:8]}", opensearch_index())
    await index.offsets([])
    yield index
    await client.indices.delete(index=index._index, params={"ignore_unavailable": "true"})


@pytest.fixture
def memory() -> MemoryUserIndex:
    return MemoryUserIndex()


@pytest.fixture(params=["memory", pytest.param("opensearch", marks=pytest.mark.integration)])
def index(request: pytest.FixtureRequest) -> Views[UserChange]:
    index: Views[UserChange] = request.getfixturevalue(request.param)
    return index
