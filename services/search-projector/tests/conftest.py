"""The indexes that the one contract suite runs over, each empty."""

import uuid
from collections.abc import AsyncIterator

import pytest
from opensearchpy import AsyncOpenSearch

from local_stack.addresses import Addresses
from projections.generations import Generations
from projections.memory.generations import MemoryGenerations
from projections.memory.views import Documents, documents
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations
from projections.opensearch.index import OpenSearchIndex
from projections.projector import Views
from user_contracts import opensearch_index


@pytest.fixture
async def client(stack: Addresses) -> AsyncIterator[AsyncOpenSearch]:
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        yield client


@pytest.fixture
async def opensearch_generations(client: AsyncOpenSearch) -> AsyncIterator[OpenSearchGenerations]:
    """An alias of its own, with nothing behind it."""
    alias = f"test-{uuid.uuid4().hex[:8]}"
    yield OpenSearchGenerations(client, opensearch_index(), alias)
    for index in await client.indices.get_alias(index=f"{alias}-*"):
        await client.indices.delete(index=index)


@pytest.fixture
async def opensearch(opensearch_generations: OpenSearchGenerations) -> OpenSearchIndex:
    index = opensearch_generations.views("1")
    await index.offsets("log", [])
    return index


@pytest.fixture
def memory_generations() -> MemoryGenerations[DocumentChange]:
    return MemoryGenerations(documents)


@pytest.fixture(
    params=[
        "memory_generations",
        pytest.param("opensearch_generations", marks=pytest.mark.integration),
    ]
)
def generations(request: pytest.FixtureRequest) -> Generations[DocumentChange]:
    generations: Generations[DocumentChange] = request.getfixturevalue(request.param)
    return generations


@pytest.fixture
def memory() -> Documents:
    return documents()


@pytest.fixture(params=["memory", pytest.param("opensearch", marks=pytest.mark.integration)])
def index(request: pytest.FixtureRequest) -> Views[DocumentChange]:
    index: Views[DocumentChange] = request.getfixturevalue(request.param)
    return index
