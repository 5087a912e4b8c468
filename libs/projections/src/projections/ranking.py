"""How well a document matches a query: the same numbers for the index and for its double.

The rules are in schemas/views/opensearch-users.md. A score is the rank of the worst match that a
word of the query has, and below that how many of the words match better than that.
"""

from enum import IntEnum

from chassis.text.folding import IS_HAN, IS_SYLLABLE


class Rank(IntEnum):
    """The kinds of match, the best one last; each leaves room for the count of better words."""

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
    """How many letters of a word may be wrong, left out, put in, or changed with the next one."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2  # noqa: PLR2004 - as OpenSearch's AUTO:4,8


def may_be_part(word: str) -> bool:
    """Whether it is looked for within words: one letter is not, one syllable or picture is."""
    return len(word) > 1 or IS_SYLLABLE.match(word) is not None


def characters(word: str) -> list[str]:
    """The characters of a word of Han, which may come in another order; of any other word none."""
    return list(dict.fromkeys(word)) if IS_HAN.fullmatch(word) else []
