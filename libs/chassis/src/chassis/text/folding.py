"""Folding of text for search: case, accents and variants of a letter are ignored.

The projection stores folded text in a document, search-api folds a query in the same way, and the
index compares the two. So OpenSearch and the memory double find the same names. A change of folding
changes what is stored and requires a rebuild of the index. The folding of each script is described
in schemas/views/opensearch-users.md.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from chassis.text.letters import APOSTROPHES, HAN, IGNORED, LETTERS, SYLLABLES

MAX_WORD = 64  # letters of a word that are compared
MAX_REMEMBERED = 20_000  # characters whose folding is cached; all scripts in use have fewer
BETWEEN_WORDS = {"Zs", "Zl", "Zp", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "Cc"}
IS_IGNORED = re.compile(f"[{APOSTROPHES}{IGNORED}]")
IS_SYLLABLE = re.compile(f"[{SYLLABLES}{HAN}]")
IS_HAN = re.compile(f"[{HAN}]{{2,}}")
KATAKANA = {*range(0x30A1, 0x30F7), 0x30FD, 0x30FE}
TO_HIRAGANA = -0x60
FOLDED = {ord(letter): to for to, letters in LETTERS.items() for letter in letters}


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order, each of at most MAX_WORD characters.

    Apostrophes join words; hyphens and other punctuation separate them. Empty: the text has no
    letter, digit or picture. Folding is idempotent.
    """
    # NFKD would turn the spacing accent, which some use as an apostrophe, into a space.
    apart = unicodedata.normalize("NFKD", text.replace("´", "'")).translate(_TABLE)
    together = unicodedata.normalize("NFC", apart.casefold().translate(_TABLE))
    return [word[:MAX_WORD] for word in together.split()]


def searchable(*texts: str) -> dict[str, Any]:
    """Return the search fields of a document: its `words`, and `joined` forms of them.

    `joined` has each text without spaces, and all texts concatenated in order and in reverse order.
    So the whole text is found whichever field comes first, and without its spaces.
    """
    folded = [words(text) for text in texts]
    orders = (*([one] for one in folded), folded, folded[::-1])
    joined = ("".join(_flat(order))[:MAX_WORD] for order in orders)
    return {
        "words": " ".join(_flat(folded)),
        "joined": list(dict.fromkeys(one for one in joined if one)),
    }


def _flat(folded: list[list[str]]) -> Iterator[str]:
    return (word for one in folded for word in one)


class _Table(dict[int, str]):
    """Cache of the folding of each character of decomposed text, up to a bound."""

    def __missing__(self, code: int) -> str:
        to = _folded(chr(code))
        if len(self) < MAX_REMEMBERED:
            self[code] = to
        return to


def _folded(character: str) -> str:
    if ord(character) in FOLDED:
        return FOLDED[ord(character)]
    if ord(character) in KATAKANA:
        return chr(ord(character) + TO_HIRAGANA)
    if IS_IGNORED.match(character):
        return ""
    category = unicodedata.category(character)
    if category in BETWEEN_WORDS:
        return " "
    # A digit of any script; a character unknown to this Unicode version is a letter.
    return str(unicodedata.digit(character)) if category == "Nd" else character


_TABLE = _Table()
