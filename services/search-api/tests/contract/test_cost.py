"""A search for a name that everybody has does not visit everybody.

An exception is "kim maria": a better rank needs the other order, so Lucene compares the positions
in each name that has both words.
"""

import math
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch

from loadtest import skewed
from local_stack.addresses import Addresses
from projections.opensearch.text_query import text_query
from user_contracts import opensearch_index

pytestmark = pytest.mark.integration
PEOPLE, BATCH, PAGE = 4_000, 1_000, 11
MOST = 1_000  # Lucene scores a few hundred documents before it compares with the page's last one


@pytest.fixture
async def everybody(stack: Addresses) -> AsyncIterator[tuple[AsyncOpenSearch, str]]:
    """Yield an index of one segment, in which all are called Maria Kim."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        await client.indices.create(index=name, body=opensearch_index())
        people = [skewed.document(number, "Maria", "Kim") for number in range(PEOPLE)]
        for first in range(0, PEOPLE, BATCH):
            some = people[first : first + BATCH]
            lines = [line for one in some for line in ({"index": {"_id": one["id"]}}, one)]
            assert not (await client.bulk(body=lines, index=name))["errors"]
        await client.indices.forcemerge(index=name, params={"max_num_segments": "1"})
        await client.indices.refresh(index=name)
        yield client, name
        await client.indices.delete(index=name)


def visited(profile: Any) -> Iterator[int]:
    """Yield how many documents each clause visited."""
    for key, value in profile.items():
        if key == "next_doc_count":
            yield value
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from visited(one)


@pytest.mark.parametrize("text", ["maria", "kim", "mar", "maria kim", "ma ki", "m k"])
async def test_search_ends_after_a_page_of_equal_scores(
    everybody: tuple[AsyncOpenSearch, str], text: str
) -> None:
    client, name = everybody
    query = text_query(text)
    best = query.best(query.stages[0], math.inf)
    assert best is not None
    found = await _profiled(client, name, best)
    equals = query.exactly(found["hits"]["hits"][-1]["_score"])
    assert equals is not None
    for answer in (found, await _profiled(client, name, equals)):
        assert len(answer["hits"]["hits"]) == PAGE
        assert PAGE <= max(visited(answer["profile"])) < MOST


async def _profiled(client: AsyncOpenSearch, name: str, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await client.search(
        index=name, body={**body, "size": PAGE, "profile": True}
    )
    return found
