"""Searches the index in OpenSearch; documents: schemas/views/opensearch-users.md."""

from chassis.text import folding
from projections.opensearch.reader import OpenSearchReader
from search_api.documents import hit
from search_api.opensearch_query import query
from search_api.ports import Hit


class OpenSearchUserIndex:
    """Implements search_api.ports.UserIndex."""

    def __init__(self, reader: OpenSearchReader) -> None:
        self._reader = reader

    async def search(self, text: str, after: tuple[float, str] | None, limit: int) -> list[Hit]:
        if not folding.words(text):
            return []  # punctuation alone
        return [hit(found) for found in await self._reader.search(query(text), after, limit)]
