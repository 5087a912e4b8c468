"""Searches the texts of documents in OpenSearch; documents: schemas/views/opensearch-users.md."""

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence

from chassis.stores.errors.calls import failed
from chassis.stores.errors.failure import Failure
from chassis.stores.opensearch import TooManyTerms
from chassis.text import folding
from projections.opensearch.clauses import by_segment
from projections.opensearch.reader import OpenSearchReader
from projections.opensearch.text_query import Body, TextQuery, text_query
from projections.opensearch.tiers import Stage, Tier
from projections.reader import ScoredDocument


class OpenSearchTextIndex:
    """Implements projections.searches.TextIndex."""

    def __init__(
        self,
        reader: OpenSearchReader,
        former: Callable[[str], Sequence[Tier]] = lambda _text: (),
    ) -> None:
        """former: tiers for a text, of a lower rank than those of the query."""
        self._reader = reader
        self._former = former
        self._serving: frozenset[str] = frozenset()

    async def search(
        self, text: str, after: tuple[float, str] | None, limit: int
    ) -> list[ScoredDocument]:
        if not folding.words(text):
            return []  # punctuation alone
        query = text_query(text, self._former(text))
        try:
            async with asyncio.timeout(self._reader.timeout):
                page = await self._filled(query, limit, after)
        except TimeoutError:
            reason = Failure("no complete page in time", is_transient=True)
            raise failed("opensearch", "search", reason) from None
        return list(page.found.values())

    async def _filled(
        self, query: TextQuery, limit: int, after: tuple[float, str] | None
    ) -> "_Page":
        """Return a page whose requests met one generation.

        A switch between two requests could lose a document: the first generation has it in a tier
        of the second request, the second one in a tier of the first.
        """
        before = self._serving
        page = _Page(self._reader, query, limit, after)
        await page.fill()
        if page.is_full or page.is_of_one_index:
            return page
        self._serving = await self._reader.serving()
        if self._serving != before:
            page = _Page(self._reader, query, limit, after)
            await page.fill()
        return page


class _Page:
    """A page that is filled from the best score down."""

    def __init__(
        self,
        reader: OpenSearchReader,
        query: TextQuery,
        limit: int,
        after: tuple[float, str] | None,
    ) -> None:
        self.query = query
        self.found: dict[str, ScoredDocument] = {}
        """By id: a document may change its score between two requests."""
        self._reader = reader
        self._indexes: list[str | None] = []  # of each request's documents
        self._limit = limit
        self._after = after  # None again, once a stage has continued there
        self._below = after[0] if after else math.inf
        """Documents of this score and better ones are found, or are on earlier pages."""

    async def fill(self) -> None:
        close, distant = self.query.stages
        await self._add_best(close)
        if distant.is_sorted:
            await self._add_ordered(distant, close)
        else:
            await self._add_best(distant)

    async def _add_best(self, stage: Stage) -> None:
        """Add the best documents of a stage, until the page is full or the stage has no more.

        A full response has every document that is better than its last one. Those that equal the
        last one are any of perhaps many, so the first of them by id are requested.
        """
        if self._after and self._after[0] >= stage.floor:
            await self._add_equals(*self._after)
            self._after = None
        while (wanted := self._missing) > 0 and (body := self.query.best(stage, self._below)):
            best = sorted(await self._search(body, None), key=_place)
            if len(best) < wanted:
                self._add(best)
                self._below = stage.floor
                return
            last = best[-1].score
            self._add(one for one in best if one.score > last)
            await self._add_equals(last, None)

    async def _add_ordered(self, stage: Stage, above: Stage) -> None:
        """Add documents of a stage that OpenSearch orders completely."""
        if self._missing > 0:
            body = self.query.ordered(stage, above)
            self._add(await self._search(body, self._after))

    async def _add_equals(self, score: float, after: str | None) -> None:
        """Add documents of this score, by id; only those with a greater id than `after`."""
        if body := self.query.exactly(score):
            position = None if after is None else (after,)
            found = await self._search(body, position)
            self._add(ScoredDocument(score, one.document) for one in found)
        self._below = score

    async def _search(
        self, body: Body, after: Sequence[float | str] | None
    ) -> list[ScoredDocument]:
        try:
            found = await self._reader.search(body, after, self._missing)
        except TooManyTerms:
            found = await self._reader.search(by_segment(body), after, self._missing)
        self._indexes.append(found.index)
        return found.documents

    @property
    def is_of_one_index(self) -> bool:
        """Whether the documents show that all requests met the same index."""
        return len(self._indexes) == 1 or (None not in self._indexes and len({*self._indexes}) == 1)

    @property
    def is_full(self) -> bool:
        return self._missing <= 0

    @property
    def _missing(self) -> int:
        return self._limit - len(self.found)

    def _add(self, found: Iterable[ScoredDocument]) -> None:
        for one in found:
            self.found.setdefault(one.document["id"], one)


def _place(found: ScoredDocument) -> tuple[float, str]:
    return -found.score, found.document["id"]
