"""Mapping updates, so that an index of an earlier version accepts today's documents."""

from collections.abc import Collection, Mapping
from typing import Any

from opensearchpy import AsyncOpenSearch

NOT_SEARCHED = {"type": "object", "enabled": False}  # of any type: stored and not indexed


async def accept_documents(
    client: AsyncOpenSearch, definition: Mapping[str, Any], indexes: Collection[str]
) -> None:
    """Add the definition's new fields to indexes that were created with an earlier definition.

    Mappings are strict: without this an index would reject every document with a new field, and
    every event would become a dead letter. A new field is stored and not searchable; a rebuild
    makes it searchable.
    """
    found = await client.indices.get_mapping(
        index=",".join(indexes), params={"ignore_unavailable": "true"}
    )
    for index, described in found.items():
        known = described["mappings"].get("properties", {})
        missing = sorted(definition["mappings"]["properties"].keys() - known.keys())
        if missing:
            body = {"properties": dict.fromkeys(missing, NOT_SEARCHED)}
            await client.indices.put_mapping(index=index, body=body)
