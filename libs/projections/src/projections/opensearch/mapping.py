"""What an index that an earlier version made needs, so that today's documents fit into it."""

from collections.abc import Collection, Mapping
from typing import Any

from opensearchpy import AsyncOpenSearch

NOT_SEARCHED = {"type": "object", "enabled": False}  # of any type: kept, and not looked at


async def accept_documents(
    client: AsyncOpenSearch, definition: Mapping[str, Any], indexes: Collection[str]
) -> None:
    """Let each index take documents of the definition, though it was made by an earlier one.

    Mappings are strict: without this an index would refuse every document that has a new field,
    and every event would become a dead letter. A new field is stored and not searched; an index
    that searches it comes from a rebuild.
    """
    found = await client.indices.get_mapping(
        index=",".join(indexes), params={"ignore_unavailable": "true"}
    )
    for index, told in found.items():
        known = told["mappings"].get("properties", {})
        missing = sorted(definition["mappings"]["properties"].keys() - known.keys())
        if missing:
            body = {"properties": dict.fromkeys(missing, NOT_SEARCHED)}
            await client.indices.put_mapping(index=index, body=body)
