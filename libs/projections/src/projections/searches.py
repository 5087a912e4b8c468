"""Searches of a view by text: pages of the documents that match, best first."""

import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from chassis.http.pagination import Page, cut, decode_cursor, invalid
from chassis.limits.concurrency import ConcurrencyLimit
from chassis.text import folding
from projections.reader import ScoredDocument

MAX_TERM = 100  # characters
MAX_WORDS = 50  # of a term; only ligatures of whole sentences give more from 100 characters
SHORT = 4  # words of a short term; ten words with typing errors cost ten times as much as one
SEARCHES = 12  # concurrent; OpenSearch on two cores runs four, and has one queue for all callers
LONG_SEARCHES = 2  # of them
QUEUE, LONG_QUEUE = 1000, 16  # queued searches


class TextIndex(Protocol):
    """Searches documents. Raises Unavailable when the index does not answer."""

    async def search(
        self, text: str, after: tuple[float, str] | None, limit: int
    ) -> list[ScoredDocument]:
        """At most limit hits, best first, equals by id; only those behind (score, id) `after`."""


@dataclass(frozen=True, slots=True)
class TextSearch:
    """Search for aggregates by their texts."""

    index: TextIndex
    searches: ConcurrencyLimit = field(default_factory=lambda: searches(SEARCHES))
    long_searches: ConcurrencyLimit = field(
        default_factory=lambda: ConcurrencyLimit("long searches", LONG_SEARCHES, LONG_QUEUE)
    )
    """Limit on terms with more words than SHORT; each also needs a slot of `searches`."""

    async def search(self, text: str, page: Page) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        """Return a page of matching documents, best first, and the next cursor.

        Each word must match a word of the text: whole, as a prefix, as a part, or with a small
        typing error, in this order; accents and case are ignored. Ranking and folding are in
        schemas/views/opensearch-users.md. Raises Invalid, Unavailable, TooManyRequests.
        """
        after = decode_cursor(page.cursor, tuple[float, str]) if page.cursor else None
        term = _checked(text)
        async with self._slot(term):
            hits = await self.index.search(term, after, page.limit + 1)
        found, cursor = cut(hits, page.limit, lambda last: (last.score, last.document["id"]))
        return [hit.document for hit in found], cursor

    @asynccontextmanager
    async def _slot(self, term: str) -> AsyncIterator[None]:
        async with AsyncExitStack() as slots:
            if len(folding.words(term)) > SHORT:
                await slots.enter_async_context(self.long_searches.slot())
            await slots.enter_async_context(self.searches.slot())
            yield


def searches(at_once: int) -> ConcurrencyLimit:
    """Return a limit on concurrent searches."""
    return ConcurrencyLimit("searches", at_once, QUEUE)


def _checked(text: str) -> str:
    term = unicodedata.normalize("NFC", text).strip()
    if not term:
        raise invalid("q", "must not be empty")
    if len(term) > MAX_TERM:
        raise invalid("q", f"must have at most {MAX_TERM} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in term):
        raise invalid("q", "must not contain control characters")
    if len(folding.words(term)) > MAX_WORDS:
        raise invalid("q", f"must have at most {MAX_WORDS} words")
    return term
