"""The adapters for OpenSearch as subjects of the suites; each has its own alias."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from opensearchpy import AsyncOpenSearch

from projections.conformance.changes import LOG, Changes
from projections.conformance.text_index import TextIndexUnderTest, stored
from projections.conformance.views import ViewsUnderTest
from projections.generations import FIRST
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations
from projections.opensearch.reader import OpenSearchReader
from projections.opensearch.text_index import OpenSearchTextIndex


@asynccontextmanager
async def generations(
    client: AsyncOpenSearch, definition: Mapping[str, Any]
) -> AsyncIterator[OpenSearchGenerations]:
    """Yield the generations of an unused alias; its indexes are removed at the end."""
    alias = f"test-{uuid.uuid4().hex[:8]}"
    yield OpenSearchGenerations(client, definition, alias)
    for index in await client.indices.get_alias(index=f"{alias}-*"):
        await client.indices.delete(index=index)


async def views(
    client: AsyncOpenSearch, generations: OpenSearchGenerations, changes: Changes[DocumentChange]
) -> ViewsUnderTest[DocumentChange]:
    """Return the first generation, for writing."""
    views = generations.views(FIRST)
    await views.offsets(LOG, [])

    async def held(key: str) -> object:
        return (await client.get(index=views.index, id=key))["_source"]

    async def lose_everything() -> None:
        await client.indices.delete(index=views.index)

    return ViewsUnderTest(views, changes, held, lose_everything)


@asynccontextmanager
async def text_index(
    client: AsyncOpenSearch,
    definition: Mapping[str, Any],
    given: Mapping[str, Any],
    texts: Sequence[str],
) -> AsyncIterator[TextIndexUnderTest]:
    """An index of its own for documents with these fields, of which `texts` are searched."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    await client.indices.create(index=name, body=dict(definition))

    async def put(*found: dict[str, Any]) -> None:
        lines = [
            line
            for document in found
            for line in (
                {"index": {"_index": name, "_id": document["id"]}},
                stored(document, texts),
            )
        ]
        answer = await client.bulk(body=lines, params={"refresh": "true"})
        assert not answer["errors"], answer

    index = OpenSearchTextIndex(OpenSearchReader(client, name, 5))
    yield TextIndexUnderTest(index, put, given, texts)
    await client.indices.delete(index=name)
