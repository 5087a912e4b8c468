"""The adapters for OpenSearch as subjects of the suites; each has its own alias."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from opensearchpy import AsyncOpenSearch

from projections.conformance.changes import LOG, Changes
from projections.conformance.views import ViewsUnderTest
from projections.generations import FIRST
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations


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
