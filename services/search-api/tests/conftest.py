"""The indexes that the contract suite runs on, filled as the contract describes."""

import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.text import folding
from local_stack.addresses import Addresses
from projections.opensearch.reader import OpenSearchReader
from search_api.memory_user_index import MemoryUserIndex
from search_api.opensearch_user_index import OpenSearchUserIndex
from search_api.ports import UserIndex
from user_contracts import opensearch_index


@dataclass
class Shelf:
    """An index to search, and a way to add documents, completed with their folded fields."""

    index: UserIndex
    put: Callable[..., Coroutine[Any, Any, None]]


def stored(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as the projection creates it."""
    if document.get("deleted"):
        return document
    return document | folding.searchable(document["first_name"], document["last_name"])


@pytest.fixture
def memory() -> Shelf:
    documents: dict[str, dict[str, Any]] = {}

    async def put(*found: dict[str, Any]) -> None:
        documents.update({document["id"]: stored(document) for document in found})

    return Shelf(MemoryUserIndex(documents), put)


@pytest.fixture
async def opensearch(stack: Addresses) -> AsyncIterator[Shelf]:
    """A separate index, with the settings and the mapping of the contract."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        await client.indices.create(index=name, body=opensearch_index())

        async def put(*found: dict[str, Any]) -> None:
            lines = [
                line
                for document in found
                for line in ({"index": {"_index": name, "_id": document["id"]}}, stored(document))
            ]
            answer = await client.bulk(body=lines, params={"refresh": "true"})
            assert not answer["errors"], answer

        yield Shelf(OpenSearchUserIndex(OpenSearchReader(client, name, 5)), put)
        await client.indices.delete(index=name)


@pytest.fixture(params=["memory", pytest.param("opensearch", marks=pytest.mark.integration)])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    shelf: Shelf = request.getfixturevalue(request.param)
    return shelf
