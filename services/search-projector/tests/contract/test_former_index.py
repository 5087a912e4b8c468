"""An index of an earlier version accepts today's documents."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from opensearchpy import AsyncOpenSearch

from projections.conformance.changes import ANN, LOG, DocumentChanges
from projections.opensearch.generations import OpenSearchGenerations

SAMPLES = Path(__file__).parents[4] / "schemas" / "samples"
FORMER = json.loads((SAMPLES / "opensearch-users" / "v1.json").read_text("utf-8"))


@pytest.mark.integration
async def test_index_of_the_former_version_accepts_todays_documents(
    opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch, changes: DocumentChanges
) -> None:
    former = OpenSearchGenerations(client, FORMER, opensearch_generations._alias)
    await former.views("1").offsets(LOG, [])
    await former.views("2").offsets(LOG, [])
    of_today = opensearch_generations.views("1", leading="2")
    await of_today.offsets(LOG, [0])
    folded = {"words": "ann lee", "joined": ["ann", "lee", "annlee", "leeann"]}
    put = changes.put(ANN, 1)
    change = replace(put, document=put.document | folded)
    assert await of_today.apply([change]) == []
    for generation in "12":
        found = await client.get(index=f"{opensearch_generations._alias}-{generation}", id=ANN)
        assert found["_source"] == change.document
    # As 0.1.0 asks it: the former search goes on.
    await client.indices.refresh(index=of_today.index)
    match = {"query": {"match": {"full_name": {"query": "lee", "operator": "and"}}}}
    assert (await client.search(index=of_today.index, body=match))["hits"]["hits"]
