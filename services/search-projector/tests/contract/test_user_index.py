"""What every store of the index promises."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.problems import Unavailable
from projections.memory.views import MemoryViews
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations
from projections.opensearch.index import OpenSearchIndex
from projections.projector import OffsetMoved, Views

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANN, BOB = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11", "0192f5a9-0000-7a10-8b2e-2f6d1c9e0a11"
LOG = "a log"
AnyIndex = Views[DocumentChange]
SAMPLES = Path(__file__).parents[4] / "schemas" / "samples"
FORMER = json.loads((SAMPLES / "opensearch-users" / "v1.json").read_text("utf-8"))


def put(key: str, version: int, name: str = "Ann") -> DocumentChange:
    document = {
        "id": key,
        "version": version,
        "first_name": name,
        "last_name": "Lee",
        "created_at": "2026-01-01T00:00:00Z",
    }
    return DocumentChange(key, version, NOW, document)


def gone(key: str, version: int) -> DocumentChange:
    return DocumentChange(key, version, NOW, {"id": key, "version": version, "deleted": True})


async def held(index: AnyIndex, key: str) -> dict[str, Any]:
    if isinstance(index, MemoryViews):
        in_memory: dict[str, Any] = index.held[key]
        return in_memory
    assert isinstance(index, OpenSearchIndex)
    found: dict[str, Any] = await index._client.get(index=index.index, id=key)
    document: dict[str, Any] = found["_source"]
    return document


async def test_a_change_is_held(index: AnyIndex) -> None:
    assert await index.apply([put(ANN, 1), put(BOB, 3)]) == []
    assert await held(index, ANN) == put(ANN, 1).document
    assert await held(index, BOB) == put(BOB, 3).document


@pytest.mark.parametrize("late", [1, 2])
async def test_an_older_or_equal_version_changes_nothing(index: AnyIndex, late: int) -> None:
    await index.apply([put(ANN, 2)])
    assert await index.apply([put(ANN, late, "Late")]) == []
    assert (await held(index, ANN))["first_name"] == "Ann"


async def test_a_newer_version_wins(index: AnyIndex) -> None:
    await index.apply([put(ANN, 2)])
    await index.apply([put(ANN, 10, "Anna")])
    assert (await held(index, ANN))["first_name"] == "Anna"


async def test_a_deleted_user_leaves_a_marker_that_no_late_repeat_gets_past(
    index: AnyIndex,
) -> None:
    await index.apply([put(ANN, 1)])
    await index.apply([gone(ANN, 3)])
    await index.apply([put(ANN, 2), put(BOB, 1)])
    assert await held(index, ANN) == gone(ANN, 3).document


async def test_offsets_are_kept_by_partition(index: AnyIndex) -> None:
    assert await index.offsets(LOG, [0, 1]) == {0: None, 1: None}
    await index.advance(LOG, {0: (None, 5)})
    await index.advance(LOG, {0: (5, 7), 1: (None, 1)})
    assert await index.offsets(LOG, [0, 1, 2]) == {0: 7, 1: 1, 2: None}


async def test_offsets_of_another_log_are_not_those_of_this_one(index: AnyIndex) -> None:
    await index.advance(LOG, {0: (None, 5)})
    assert await index.offsets("made anew", [0]) == {0: None}
    await index.advance("made anew", {0: (None, 3)})
    assert await index.offsets(LOG, [0]) == {0: 5}


async def test_advancing_twice_the_same_way_is_harmless(index: AnyIndex) -> None:
    await index.advance(LOG, {0: (None, 5)})
    await index.advance(LOG, {0: (None, 5)})
    assert await index.offsets(LOG, [0]) == {0: 5}


@pytest.mark.parametrize("expected", [None, 4, 6])
async def test_an_offset_that_somebody_else_moved_is_told(
    index: AnyIndex, expected: int | None
) -> None:
    await index.advance(LOG, {0: (None, 5)})
    with pytest.raises(OffsetMoved):
        await index.advance(LOG, {0: (expected, 9)})
    assert await index.offsets(LOG, [0]) == {0: 5}


@pytest.mark.integration
async def test_one_bad_document_is_rejected_alone(opensearch: OpenSearchIndex) -> None:
    bad = replace(put(BOB, 1), document=put(BOB, 1).document | {"unknown": "field"})
    (rejected,) = await opensearch.apply([put(ANN, 1), bad])
    assert rejected.change is bad
    assert "strict_dynamic_mapping_exception" in rejected.reason
    assert await held(opensearch, ANN) == put(ANN, 1).document


@pytest.mark.integration
async def test_an_index_of_the_former_version_takes_documents_of_today(
    opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    former = OpenSearchGenerations(client, FORMER, opensearch_generations._alias)
    await former.views("1").offsets(LOG, [])
    await former.views("2").offsets(LOG, [])
    of_today = opensearch_generations.views("1", leading="2")
    await of_today.offsets(LOG, [0])
    folded = {"words": "ann lee", "joined": ["ann", "lee", "annlee", "leeann"]}
    change = replace(put(ANN, 1), document=put(ANN, 1).document | folded)
    assert await of_today.apply([change]) == []
    for generation in "12":
        found = await client.get(index=f"{opensearch_generations._alias}-{generation}", id=ANN)
        assert found["_source"] == change.document
    # As 0.1.0 asks it: the former search goes on.
    await client.indices.refresh(index=of_today.index)
    match = {"query": {"match": {"full_name": {"query": "lee", "operator": "and"}}}}
    assert (await client.search(index=of_today.index, body=match))["hits"]["hits"]


@pytest.mark.integration
async def test_an_index_that_is_gone_is_told_and_made_anew(
    opensearch: OpenSearchIndex, client: AsyncOpenSearch
) -> None:
    await opensearch.apply([put(ANN, 1)])
    await opensearch.advance(LOG, {0: (None, 5)})
    await client.indices.delete(index=opensearch.index)
    with pytest.raises(OffsetMoved):
        await opensearch.apply([put(ANN, 2)])
    assert await opensearch.offsets(LOG, [0]) == {0: None}
    assert await opensearch.apply([put(ANN, 1)]) == []


@pytest.mark.integration
async def test_the_serving_alias_stays_where_it_is(
    opensearch: OpenSearchIndex,
    opensearch_generations: OpenSearchGenerations,
    client: AsyncOpenSearch,
) -> None:
    await opensearch_generations.views("2").offsets(LOG, [0])
    assert list(await client.indices.get_alias(name=opensearch._alias)) == [opensearch.index]


async def test_an_opensearch_that_is_away_is_told(unused_ports: list[int]) -> None:
    address = f"http://127.0.0.1:{unused_ports[0]}"
    async with AsyncOpenSearch(address, max_retries=0) as client:
        away = OpenSearchIndex(client, {}, "users", "1")
        for call in (
            away.offsets(LOG, [0]),
            away.apply([put(ANN, 1)]),
            away.advance(LOG, {0: (None, 1)}),
            away.apply([gone(ANN, 1)]),
        ):
            with pytest.raises(Unavailable):
                await call
