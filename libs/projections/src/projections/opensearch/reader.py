"""Reader of the index behind an alias in OpenSearch; the caller provides the query."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import AsyncOpenSearch

from chassis.stores.errors.calls import failed
from chassis.stores.errors.failure import Failure
from chassis.stores.opensearch import call, search
from projections.reader import ScoredDocument

# Each replica refreshes at its own time: two of them could show a document at version 27 and then
# at 1. Replicas protect against the loss of a node; shards distribute the load.
HOW = {"preference": "_primary_first"}
PROBE = {"size": 0, "track_total_hits": False, "query": {"match_all": {}}, "terminate_after": 1}


@dataclass(frozen=True, slots=True)
class Found:
    """Documents of one search, and their index; None: there are no documents."""

    documents: list[ScoredDocument]
    index: str | None


class OpenSearchReader:
    """Searches the serving generation: the one index behind the alias."""

    def __init__(self, client: AsyncOpenSearch, alias: str, timeout: float) -> None:
        """timeout: seconds for a search, after which OpenSearch stops it."""
        self._client = client
        self._alias = alias
        self.timeout = timeout

    async def search(
        self, query: Mapping[str, Any], after: Sequence[float | str] | None, limit: int
    ) -> Found:
        """Return at most limit documents; only those behind the position `after`.

        query: the body of a search. Without `sort` the order is by score, and equal scores are in
        any order. after: a value for each field of its `sort`. A search that is not sorted by score
        gives 0 as every score. Raises Unavailable when OpenSearch does not respond in time or in
        full, StoreError when it rejects the query, TooManyTerms.
        """
        body = {**query, "size": limit, "timeout": f"{int(self.timeout * 1000)}ms"}
        if after is not None:
            body["search_after"] = list(after)
        found = await search(self._client, "search", self._alias, body, **HOW)
        indexes = {hit["_index"] for hit in found}
        self._check(indexes)
        documents = [ScoredDocument(hit["_score"] or 0, hit["_source"]) for hit in found]
        return Found(documents, next(iter(indexes), None))

    async def ping(self) -> None:
        """Return if the one index behind the alias can be searched; raises Unavailable."""
        await search(self._client, "ping", self._alias, PROBE, **HOW)
        await self.serving()

    async def serving(self) -> frozenset[str]:
        """Return the name of the one index behind the alias; raises Unavailable."""
        with call("serving"):
            behind = frozenset(await self._client.indices.get_alias(index=self._alias))
        self._check(behind)
        return behind

    def _check(self, indexes: Collection[str]) -> None:
        """Raise Unavailable if the alias names two indexes: documents would be found twice."""
        if len(indexes) > 1:
            reason = f"the alias {self._alias} names more than one index"
            raise failed("opensearch", "search", Failure(reason, is_transient=True))
