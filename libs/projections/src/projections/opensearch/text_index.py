"""Searches the texts of documents in OpenSearch; documents: schemas/views/opensearch-users.md."""

from collections.abc import Callable, Sequence

from chassis.text import folding
from projections.opensearch.reader import OpenSearchReader
from projections.opensearch.text_query import Clause, query
from projections.reader import ScoredDocument


class OpenSearchTextIndex:
    """Implements projections.searches.TextIndex."""

    def __init__(
        self,
        reader: OpenSearchReader,
        further: Callable[[str], Sequence[Clause]] = lambda _text: (),
    ) -> None:
        """further: clauses for a text, beside those of the query."""
        self._reader = reader
        self._further = further

    async def search(
        self, text: str, after: tuple[float, str] | None, limit: int
    ) -> list[ScoredDocument]:
        if not folding.words(text):
            return []  # punctuation alone
        return await self._reader.search(query(text, self._further(text)), after, limit)
