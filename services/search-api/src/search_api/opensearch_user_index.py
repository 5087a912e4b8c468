"""Searches the index in OpenSearch; documents: schemas/views/opensearch-users.md.

The caller's text only ever appears as a value of a match clause, never in query syntax.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from opensearchpy import AsyncOpenSearch

from chassis.stores.errors.calls import failed
from chassis.stores.errors.failure import Failure
from chassis.stores.opensearch import call, search
from search_api.ports import Hit, User

ALIAS = "users"
# The score of each kind of match.
WORDS, BEGINNINGS, PARTS, TYPOS = 8.0, 4.0, 2.0, 1.0
DELETED = {"term": {"deleted": True}}
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


def query(text: str) -> dict[str, Any]:
    """The search for a text: best kind of match first, equals by id, deleted users left out.

    Each kind has one score for all: a page's place does not move when the index changes, and many
    small parts never add up to a whole word.
    """
    every = {"query": text, "operator": "and"}
    beginnings = [f"full_name.beginnings{part}" for part in ("", "._2gram", "._3gram")]
    typos = {"fuzziness": "AUTO:4,8", "prefix_length": 1, "max_expansions": 20}
    kinds: list[tuple[float, dict[str, Any]]] = [
        (WORDS, {"match": {"full_name": every}}),
        (BEGINNINGS, {"multi_match": {"fields": beginnings, "type": "bool_prefix"} | every}),
        (PARTS, {"match": {"full_name.parts": every}}),
        (TYPOS, {"match": {"full_name": every | typos}}),
    ]
    best = [{"constant_score": {"filter": kind, "boost": score}} for score, kind in kinds]
    return {
        "query": {"bool": {"must": [{"dis_max": {"queries": best}}], "must_not": [DELETED]}},
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "track_total_hits": False,
        "track_scores": True,
    }


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
