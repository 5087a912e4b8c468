"""How well a document matches a query: the same numbers for the index and for its double.

The rules are in schemas/views/opensearch-users.md. A score is the rank of the query's worst
matching word, plus the number of words that match better.
"""

from enum import IntEnum

from chassis.text.folding import IS_HAN, IS_SYLLABLE


class Rank(IntEnum):
    """The kinds of match, best last; the gaps leave room for the count of better words."""

    CHARACTERS = 1_000
    TYPOS = 2_000
    PARTS = 3_000
    BEGINNINGS = 4_000
    BEGINNINGS_IN_ORDER = 5_000
    JOINED = 6_000
    WORDS = 7_000
    NAME = 8_000
    WORDS_IN_ORDER = 9_000
    NAME_IN_ORDER = 10_000
    WHOLE = 11_000


def typos(word: str) -> int:
    """Return how many characters of a word may be wrong, missing, added or transposed."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2  # noqa: PLR2004 - as OpenSearch's AUTO:4,8


def may_be_part(word: str) -> bool:
    """Whether to search within words: only for a syllable, a picture or several characters."""
    return len(word) > 1 or IS_SYLLABLE.match(word) is not None


def characters(word: str) -> list[str]:
    """Return the characters of a Han word, which may match in any order; none for other words."""
    return list(dict.fromkeys(word)) if IS_HAN.fullmatch(word) else []
