"""Equal searches share one search of the index; see decision 0023."""

from chassis.batching.coalesced_reads import CoalescedRead
from projections.reader import ScoredDocument
from projections.searches import TextIndex

Page = tuple[str, tuple[float, str] | None, int]


class SharedTextIndex:
    """Implements projections.searches.TextIndex over another one.

    Many clients search for the same common names. A search is shared only with callers that
    arrived before it started, so no result is older than its request. The text stays as it is: an
    index of a former version does not fold it as today's does.
    """

    def __init__(self, index: TextIndex) -> None:
        self._index = index
        self._pages = CoalescedRead(self._search)

    async def search(
        self, text: str, after: tuple[float, str] | None, limit: int
    ) -> list[ScoredDocument]:
        return await self._pages.get((text, after, limit))

    async def _search(self, page: Page) -> list[ScoredDocument]:
        return await self._index.search(*page)
