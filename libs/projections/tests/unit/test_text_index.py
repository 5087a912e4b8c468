"""A search of several requests ends in the time of one, and meets one generation."""

import asyncio
from typing import Any

import pytest
from opensearchpy.exceptions import TransportError

from chassis.problems import Unavailable
from projections.opensearch.reader import OpenSearchReader
from projections.opensearch.text_index import OpenSearchTextIndex

HIT = {"_index": "things-1", "_score": 8000.0, "_source": {"id": "1"}}


class HangsLater:
    """A client of OpenSearch that responds to the first request alone."""

    requests = 0

    async def search(self, **_: Any) -> dict[str, Any]:
        self.requests += 1
        if self.requests > 1:
            await asyncio.Event().wait()
        return {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": [HIT]}}


async def test_search_whose_second_request_hangs_is_unavailable_in_time() -> None:
    client: Any = HangsLater()
    index = OpenSearchTextIndex(OpenSearchReader(client, "things", timeout=0.05))
    with pytest.raises(Unavailable):
        async with asyncio.timeout(5):
            await index.search("ann", None, 1)
    assert client.requests == 2


class Finds:
    """A client of OpenSearch that finds a document for each request, in these indexes."""

    def __init__(self, *indexes: str) -> None:
        self.left = list(indexes)
        self.bodies: list[Any] = []

    async def search(self, *, body: Any, **_: Any) -> dict[str, Any]:
        self.bodies.append(body)
        hit = HIT | {"_index": self.left.pop(0), "_source": {"id": str(len(self.left))}}
        return {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": [hit]}}


async def test_documents_of_one_index_prove_that_no_switch_came_between() -> None:
    client: Any = Finds("things-1", "things-1")
    found = await OpenSearchTextIndex(OpenSearchReader(client, "things", 5)).search("ann", None, 9)
    assert len(found) == 2


class RejectsMany(Finds):
    """A client whose server does not combine as many terms as a word is similar to."""

    async def search(self, *, body: Any, **_: Any) -> dict[str, Any]:
        if "constant_score_boolean" in str(body):
            raise TransportError(500, "all shards failed", {"error": {"type": "too_many_clauses"}})
        return await super().search(body=body)


async def test_word_with_too_many_similar_ones_is_expanded_by_segment() -> None:
    client: Any = RejectsMany("things-1", "things-1")
    found = await OpenSearchTextIndex(OpenSearchReader(client, "things", 5)).search("anna", None, 9)
    assert len(found) == 2
    assert "'rewrite': 'constant_score'" in str(client.bodies[-1])


class SwitchesAfterFirstRequest:
    """A client whose alias moves on: only the first request of a stage would find the document."""

    requests = 0

    def __init__(self) -> None:
        self.indices = self

    async def get_alias(self, **_: Any) -> dict[str, Any]:
        return {"things-1" if self.requests < 2 else "things-2": {}}

    async def search(self, **_: Any) -> dict[str, Any]:
        self.requests += 1
        hits = [HIT] if self.requests > 2 else []  # none in the first round: one of each index
        return {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": hits}}


async def test_switch_between_two_requests_of_a_search_loses_no_document() -> None:
    client: Any = SwitchesAfterFirstRequest()
    reader = OpenSearchReader(client, "things", timeout=5)
    index = OpenSearchTextIndex(reader)
    index._serving = await reader.serving()
    assert [one.document["id"] for one in await index.search("ann", None, 10)] == ["1"]
