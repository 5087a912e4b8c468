"""Everything a caller may ask of search-api."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.paging import Page, decode_cursor, encode_cursor, invalid
from search_api.ports import User, UserIndex
from user_contracts import folding

MAX_TERM = 100  # characters, as many as a name may have
MAX_WORDS = (
    50  # of a term; only ligatures that stand for whole sentences make more of 100 characters
)


@dataclass(frozen=True, slots=True)
class UserSearch:
    """Find users by name."""

    index: UserIndex

    async def search(self, text: str, page: Page) -> tuple[Sequence[User], str | None]:
        """A page of matching users, best first, and the next cursor; raises Invalid, Unavailable.

        Each word must match a word of the name: as a whole, its beginning, a part, or with a small
        typing error, in this order; accents and case do not matter. Ranking and folding are in
        schemas/views/opensearch-users.md.
        """
        after = decode_cursor(page.cursor, tuple[float, str]) if page.cursor else None
        hits = await self.index.search(_checked(text), after, page.limit + 1)
        users = [hit.user for hit in hits[: page.limit]]
        if len(hits) <= page.limit:
            return users, None
        last = hits[page.limit - 1]
        return users, encode_cursor((last.score, last.user.id))


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
