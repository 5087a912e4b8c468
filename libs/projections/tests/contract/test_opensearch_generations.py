"""Generations in OpenSearch and their double: the suite, and tests of OpenSearch alone."""

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.problems import Unavailable
from projections.conformance import memory
from projections.conformance.changes import ANN, LOG, DocumentChanges
from projections.conformance.generations import *
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations


@pytest.fixture
def in_memory(changes: DocumentChanges) -> GenerationsUnderTest[DocumentChange]:
    return memory.generations_of_documents(changes)


@pytest.fixture
def in_opensearch(
    opensearch_generations: OpenSearchGenerations, changes: DocumentChanges
) -> GenerationsUnderTest[DocumentChange]:
    return GenerationsUnderTest(opensearch_generations, changes)


@pytest.fixture(params=["in_memory", pytest.param("in_opensearch", marks=pytest.mark.integration)])
def subject(request: pytest.FixtureRequest) -> GenerationsUnderTest[DocumentChange]:
    subject: GenerationsUnderTest[DocumentChange] = request.getfixturevalue(request.param)
    return subject


async def texts(generations: OpenSearchGenerations, client: AsyncOpenSearch) -> dict[str, object]:
    """Return the text of Ann in each generation."""
    found = {}
    for generation in (await generations.state()).kept:
        index = f"{generations._alias}-{generation}"
        document = await client.get(index=index, id=ANN, params={"ignore": 404})
        found[generation] = document.get("_source", {}).get("text")
    return found


async def searched(client: AsyncOpenSearch, alias: str) -> int:
    """Return the number of documents that a reader finds."""
    return int((await client.count(index=alias))["count"])


@pytest.fixture
def generations(opensearch_generations: OpenSearchGenerations) -> OpenSearchGenerations:
    return opensearch_generations


@pytest.mark.integration
async def test_a_deletion_reaches_every_generation_that_is_kept(
    generations: OpenSearchGenerations, client: AsyncOpenSearch, changes: DocumentChanges
) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.views("1").apply([changes.put(ANN, 1)])
    await generations.add("2")
    await generations.views("2").apply([changes.put(ANN, 1)])
    await generations.switch("1", "2")
    await generations.add("3")
    await generations.views("3").apply([changes.put(ANN, 1)])
    assert await texts(generations, client) == dict.fromkeys("123", "Ann")
    assert await generations.views("2").apply([changes.erase(ANN, 2)]) == []
    assert await texts(generations, client) == dict.fromkeys("123")


@pytest.mark.integration
async def test_the_leading_generation_gets_each_change_and_its_offsets_stay(
    generations: OpenSearchGenerations, client: AsyncOpenSearch, changes: DocumentChanges
) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    both = generations.views("1", leading="2")
    await both.apply([changes.put(ANN, 1)])
    await both.advance(LOG, {0: (None, 5)})
    assert await texts(generations, client) == {"1": "Ann", "2": "Ann"}
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["put", "erase"])
async def test_a_change_that_one_generation_rejects_is_rejected(
    generations: OpenSearchGenerations, client: AsyncOpenSearch, changes: DocumentChanges, kind: str
) -> None:
    change: DocumentChange = getattr(changes, kind)(ANN, 1)
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    number = {"dynamic": False, "properties": {"id": {"type": "integer"}}}
    await client.indices.delete(index=f"{generations._alias}-2")
    await client.indices.create(index=f"{generations._alias}-2", body={"mappings": number})
    for views in (generations.views("1", leading="2"), generations.views("2", leading="1")):
        (rejected,) = await views.apply([change])
        assert rejected.change is change
        assert "mapper_parsing_exception" in rejected.reason


@pytest.mark.integration
async def test_switch_makes_all_documents_searchable(
    generations: OpenSearchGenerations, client: AsyncOpenSearch, changes: DocumentChanges
) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.views("2").apply([changes.put(ANN, 1)])
    assert await searched(client, generations._alias) == 0
    await generations.switch("1", "2")
    assert await searched(client, generations._alias) == 1


@pytest.mark.integration
async def test_lost_serving_index_is_recreated_under_its_number(
    generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.switch("1", "2")
    await client.indices.delete(index=f"{generations._alias}-2")
    assert (await generations.state()).serving == "2"
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}
    assert await searched(client, generations._alias) == 0


@pytest.mark.integration
async def test_building_generation_does_not_serve_when_the_other_is_lost(
    generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await client.indices.delete(index=f"{generations._alias}-1")
    await generations.views("2").offsets(LOG, [0])
    assert not await client.indices.exists_alias(name=generations._alias)


async def test_unavailable_opensearch_is_reported(unused_ports: list[int]) -> None:
    address = f"http://127.0.0.1:{unused_ports[0]}"
    async with AsyncOpenSearch(address, max_retries=0) as client:
        away = OpenSearchGenerations(client, {}, "things")
        for call in (
            away.state(),
            away.note({"done": 1}),
            away.add("2"),
            away.switch("1", "2"),
            away.drop("1"),
            away.ping(),
        ):
            with pytest.raises(Unavailable):
                await call
