"""Indexes in OpenSearch and their double: the suite, and tests of OpenSearch alone."""

from dataclasses import replace

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.problems import Unavailable
from projections.conformance import memory
from projections.conformance import opensearch as on_opensearch
from projections.conformance.changes import ANN, BOB, LOG, DocumentChanges
from projections.conformance.views import *
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations
from projections.opensearch.index import OpenSearchIndex
from projections.ports import OffsetMoved


@pytest.fixture
def in_memory(changes: DocumentChanges) -> ViewsUnderTest[DocumentChange]:
    return memory.documents(changes)


@pytest.fixture
async def in_opensearch(
    client: AsyncOpenSearch, opensearch_generations: OpenSearchGenerations, changes: DocumentChanges
) -> ViewsUnderTest[DocumentChange]:
    return await on_opensearch.views(client, opensearch_generations, changes)


@pytest.fixture(params=["in_memory", pytest.param("in_opensearch", marks=pytest.mark.integration)])
def subject(request: pytest.FixtureRequest) -> ViewsUnderTest[DocumentChange]:
    subject: ViewsUnderTest[DocumentChange] = request.getfixturevalue(request.param)
    return subject


@pytest.fixture
async def index(opensearch_generations: OpenSearchGenerations) -> OpenSearchIndex:
    index = opensearch_generations.views("1")
    await index.offsets(LOG, [])
    return index


@pytest.mark.integration
async def test_one_bad_document_is_rejected_alone(
    index: OpenSearchIndex, client: AsyncOpenSearch, changes: DocumentChanges
) -> None:
    good, bad = changes.put(ANN, 1), changes.put(BOB, 1)
    bad = replace(bad, document=bad.document | {"unknown": "field"})
    (rejected,) = await index.apply([good, bad])
    assert rejected.change is bad
    assert "strict_dynamic_mapping_exception" in rejected.reason
    assert (await client.get(index=index.index, id=ANN))["_source"] == good.document


@pytest.mark.integration
async def test_missing_index_is_reported_and_recreated(
    index: OpenSearchIndex, client: AsyncOpenSearch, changes: DocumentChanges
) -> None:
    await index.apply([changes.put(ANN, 1)])
    await index.advance(LOG, {0: (None, 5)})
    await client.indices.delete(index=index.index)
    with pytest.raises(OffsetMoved):
        await index.apply([changes.put(ANN, 2)])
    assert await index.offsets(LOG, [0]) == {0: None}
    assert await index.apply([changes.put(ANN, 1)]) == []


@pytest.mark.integration
async def test_serving_alias_is_not_moved(
    index: OpenSearchIndex, opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    await opensearch_generations.views("2").offsets(LOG, [0])
    assert list(await client.indices.get_alias(name=index._alias)) == [index.index]


async def test_unavailable_opensearch_is_reported(
    unused_ports: list[int], changes: DocumentChanges
) -> None:
    address = f"http://127.0.0.1:{unused_ports[0]}"
    async with AsyncOpenSearch(address, max_retries=0) as client:
        away = OpenSearchIndex(client, {}, "things", "1")
        for call in (
            away.offsets(LOG, [0]),
            away.apply([changes.put(ANN, 1)]),
            away.advance(LOG, {0: (None, 1)}),
            away.apply([changes.erase(ANN, 1)]),
        ):
            with pytest.raises(Unavailable):
                await call
