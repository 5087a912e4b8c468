"""Per-item responses of OpenSearch, as the projector's adapters read them."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.problems import Unavailable
from local_stack.addresses import Addresses
from projections.opensearch.audit import OpenSearchAudit
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations
from projections.opensearch.index import OpenSearchIndex
from user_contracts import opensearch_index

pytestmark = pytest.mark.e2e
USER, LOG = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11", "a log"
GONE = DocumentChange(
    USER, 2, datetime(2026, 1, 1, tzinfo=UTC), {"id": USER, "version": 2, "deleted": True}
)


@pytest.fixture
async def client(stack: Addresses) -> AsyncIterator[AsyncOpenSearch]:
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        yield client


@pytest.fixture
async def generations(client: AsyncOpenSearch) -> AsyncIterator[OpenSearchGenerations]:
    """Create an alias with two generations, of which the first serves."""
    alias = f"test-{uuid.uuid4().hex[:8]}"
    generations = OpenSearchGenerations(client, opensearch_index(), alias)
    for generation in ("1", "2"):
        await generations.views(generation).claim(LOG, [0])
    yield generations
    for index in await client.indices.get_alias(index=f"{alias}-*"):
        await client.indices.delete(index=index)


CALLS: dict[str, Callable[[OpenSearchIndex], Awaitable[object]]] = {
    "offsets": lambda index: index.offsets(LOG, [0]),
    "claim": lambda index: index.claim(LOG, [0]),
    "apply": lambda index: index.apply([GONE]),
    "advance": lambda index: index.advance(LOG, {0: (0, 5)}),
    "audit": lambda index: OpenSearchAudit(index._client, index).read([USER]),
    "audit page": lambda index: OpenSearchAudit(index._client, index).page("", None, []),
}


@pytest.mark.parametrize("call", CALLS)
async def test_closed_index_is_never_an_empty_one(
    client: AsyncOpenSearch, generations: OpenSearchGenerations, call: str
) -> None:
    index = generations.views("1")
    await client.indices.close(index=index.index)
    with pytest.raises(Unavailable):
        await CALLS[call](index)
    await client.indices.open(index=index.index)
    await CALLS[call](index)


async def test_change_is_not_applied_while_the_next_generation_rejects_writes(
    client: AsyncOpenSearch, generations: OpenSearchGenerations
) -> None:
    """A rebuild writes two indexes; an error of the new one would lose the change there."""
    index = generations.views("1", leading="2")
    other = generations.views("2").index
    await client.indices.put_settings(index=other, body={"index.blocks.write": True})
    with pytest.raises(Unavailable):
        await index.apply([GONE])
    await client.indices.put_settings(index=other, body={"index.blocks.write": None})
    assert await index.apply([GONE]) == []


async def test_concurrently_dropped_generation_is_skipped(
    client: AsyncOpenSearch, generations: OpenSearchGenerations
) -> None:
    index = generations.views("1", leading="2")
    await client.indices.delete(index=generations.views("2").index)
    assert await index.apply([GONE]) == []


async def test_alias_of_two_indexes_is_unavailable(
    client: AsyncOpenSearch, generations: OpenSearchGenerations
) -> None:
    await client.indices.put_alias(
        index=generations.views("2").index, name=generations.views("1")._alias
    )
    for call in (generations.state, generations.ping):
        with pytest.raises(Unavailable, match="more than one index"):
            await call()
