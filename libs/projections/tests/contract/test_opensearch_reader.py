"""The reader of OpenSearch and its double: ranking, pages, and the serving index."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.problems import Unavailable
from projections.conformance.changes import LOG, DocumentChanges
from projections.memory.search import search
from projections.opensearch.generations import OpenSearchGenerations
from projections.opensearch.reader import OpenSearchReader
from projections.reader import ScoredDocument

SCORES = {"good": 2.0, "fair": 1.0}
QUERY: dict[str, Any] = {
    "query": {
        "bool": {
            "should": [
                {"constant_score": {"filter": {"term": {"text": text}}, "boost": score}}
                for text, score in SCORES.items()
            ],
            "must_not": [{"term": {"deleted": True}}],
        }
    },
    "sort": [{"_score": "desc"}, {"id": "asc"}],
}
Search = Callable[[tuple[float, str] | None, int], Awaitable[list[ScoredDocument]]]


def documents(changes: DocumentChanges) -> dict[str, dict[str, Any]]:
    """Twelve matching documents with two alternating scores, one other, and a deleted one."""
    texts = [*(["good", "fair"] * 6), "bad"]
    made = [changes.put(f"{number:02}", 1, text) for number, text in enumerate(texts)]
    return {one.key: one.document for one in [*made, changes.erase("13", 2)]}


@pytest.fixture
def in_memory(changes: DocumentChanges) -> Search:
    held = documents(changes)

    def score(document: Mapping[str, Any]) -> float:
        return SCORES.get(document["text"], 0)

    async def found(after: tuple[float, str] | None, limit: int) -> list[ScoredDocument]:
        return search(held, score, after, limit)

    return found


@pytest.fixture
async def in_opensearch(
    client: AsyncOpenSearch, opensearch_generations: OpenSearchGenerations, changes: DocumentChanges
) -> Search:
    index = opensearch_generations.views("1")
    await index.offsets(LOG, [])
    for key, document in documents(changes).items():
        await client.index(index=index.index, id=key, body=document)
    await client.indices.refresh(index=index.index)
    reader = OpenSearchReader(client, index._alias, timeout=5)

    async def found(after: tuple[float, str] | None, limit: int) -> list[ScoredDocument]:
        return (await reader.search(QUERY, after, limit)).documents

    return found


@pytest.fixture(params=["in_memory", pytest.param("in_opensearch", marks=pytest.mark.integration)])
def subject(request: pytest.FixtureRequest) -> Search:
    subject: Search = request.getfixturevalue(request.param)
    return subject


async def test_a_document_is_found_as_it_was_written(
    subject: Search, changes: DocumentChanges
) -> None:
    assert await subject(None, 1) == [ScoredDocument(2, changes.put("00", 1, "good").document)]


async def test_pages_have_each_match_once_best_first_and_ties_by_id(subject: Search) -> None:
    seen: list[tuple[float, str]] = []
    for size in (5, 5, 2, 0):
        found = await subject(seen[-1] if seen else None, 5)
        assert len(found) == size
        seen += [(one.score, one.document["id"]) for one in found]
    good, fair = ([f"{number:02}" for number in range(first, 12, 2)] for first in (0, 1))
    assert seen == [*((2, one) for one in good), *((1, one) for one in fair)]


@pytest.mark.integration
async def test_an_alias_of_two_indexes_is_unavailable(
    client: AsyncOpenSearch, opensearch_generations: OpenSearchGenerations, changes: DocumentChanges
) -> None:
    first, second = (opensearch_generations.views(generation) for generation in "12")
    for index in (first, second):
        await index.offsets(LOG, [])
        await index.apply([changes.put("00", 1, "good")])
        await client.indices.refresh(index=index.index)
    reader = OpenSearchReader(client, first._alias, timeout=5)
    await reader.ping()
    assert len((await reader.search(QUERY, None, 5)).documents) == 1
    await client.indices.put_alias(index=second.index, name=first._alias)
    for call in (reader.ping(), reader.search(QUERY, None, 5)):
        with pytest.raises(Unavailable, match="more than one index"):
            await call


async def test_unavailable_opensearch_is_reported(unused_ports: list[int]) -> None:
    address = f"http://127.0.0.1:{unused_ports[0]}"
    async with AsyncOpenSearch(address, max_retries=0) as client:
        reader = OpenSearchReader(client, "things", timeout=1)
        for call in (reader.search(QUERY, None, 1), reader.ping()):
            with pytest.raises(Unavailable):
                await call
