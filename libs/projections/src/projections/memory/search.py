"""Search in documents in memory, for tests and the demo; the caller does the scoring."""

from collections.abc import Callable, Mapping
from typing import Any

from projections.reader import ScoredDocument

Documents = Mapping[str, Mapping[str, Any]]
"""By id, as in OpenSearch, such as MemoryViews.held."""


def search(
    documents: Documents,
    score: Callable[[Mapping[str, Any]], float],
    after: tuple[float, str] | None,
    limit: int,
) -> list[ScoredDocument]:
    """Search as projections.opensearch.reader.OpenSearchReader does; a score of 0 is no match."""
    living = [document for document in documents.values() if not document.get("deleted")]
    found = [ScoredDocument(score(document), document) for document in living]
    matching = sorted((one for one in found if one.score), key=_place)
    behind = None if after is None else (-after[0], after[1])
    return [one for one in matching if behind is None or _place(one) > behind][:limit]


def _place(found: ScoredDocument) -> tuple[float, str]:
    return -found.score, found.document["id"]
