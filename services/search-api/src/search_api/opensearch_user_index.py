"""Searches the index in OpenSearch; documents: schemas/views/opensearch-users.md."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from opensearchpy import AsyncOpenSearch

from chassis.stores.errors.calls import failed
from chassis.stores.errors.failure import Failure
from chassis.stores.opensearch import call, search
from search_api.opensearch_query import query
from search_api.ports import Hit, User
from user_contracts import folding

ALIAS = "users"
# A copy shows what it has refreshed, each at its own time: two of them would show a user at version
# 27, and then at 1. Copies are for the loss of a node; load is shared out by shards.
HOW = {"preference": "_primary_first"}
PROBE = {"size": 0, "track_total_hits": False, "query": {"match_all": {}}, "terminate_after": 1}


class OpenSearchUserIndex:
    """Implements search_api.ports.UserIndex; timeout is in seconds, alias the index that serves."""

    def __init__(self, client: AsyncOpenSearch, timeout: float, alias: str = ALIAS) -> None:
        self._client = client
        self._timeout = timeout
        self._alias = alias

    async def search(self, text: str, after: tuple[float, str] | None, limit: int) -> list[Hit]:
        if not folding.words(text):
            return []  # punctuation alone
        body = query(text) | {"size": limit, "timeout": f"{int(self._timeout * 1000)}ms"}
        if after is not None:
            body["search_after"] = list(after)
        found = await search(self._client, "search", self._alias, body, **HOW)
        self._check({hit["_index"] for hit in found})
        return [_hit(hit) for hit in found]

    async def ping(self) -> None:
        """Return when the one index behind the alias can be searched; raises Unavailable."""
        await search(self._client, "ping", self._alias, PROBE, **HOW)
        with call("ping"):
            behind = await self._client.indices.get_alias(index=self._alias)
        self._check(behind)

    def _check(self, indexes: Collection[str]) -> None:
        """Raise Unavailable where the alias names two indexes: users would be found twice."""
        if len(indexes) > 1:
            reason = f"the alias {self._alias} names more than one index"
            raise failed("opensearch", "search", Failure(reason, is_transient=True))


def _hit(found: dict[str, Any]) -> Hit:
    source = found["_source"]
    user = User(
        source["id"],
        source["first_name"],
        source["last_name"],
        datetime.fromisoformat(source["created_at"]),
        source["version"],
    )
    return Hit(found["sort"][0], user)
