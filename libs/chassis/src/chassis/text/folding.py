"""Names as search compares them: case, accents and variants of a letter do not matter.

The projection stores folded text in a document, search-api folds a query in the same way, and the
index compares what it is given. So a name is found alike in OpenSearch and in memory. A change of
folding changes what is stored: it needs a rebuild of the index. What is folded to what, script by
script: schemas/views/opensearch-users.md.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from chassis.text.letters import APOSTROPHES, HAN, IGNORED, LETTERS, SYLLABLES

MAX_WORD = 64  # letters: what follows in a word is not compared
MAX_REMEMBERED = 20_000  # characters whose folding is kept in memory; all scripts in use have fewer
BETWEEN_WORDS = {"Zs", "Zl", "Zp", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "Cc"}
IS_IGNORED = re.compile(f"[{APOSTROPHES}{IGNORED}]")
IS_SYLLABLE = re.compile(f"[{SYLLABLES}{HAN}]")
IS_HAN = re.compile(f"[{HAN}]{{2,}}")
KATAKANA = {*range(0x30A1, 0x30F7), 0x30FD, 0x30FE}
TO_HIRAGANA = -0x60
FOLDED = {ord(letter): to for to, letters in LETTERS.items() for letter in letters}


def words(text: str) -> list[str]:
    """The folded words of a text, in its order, each of at most MAX_WORD characters.

    Apostrophes join, hyphens and other punctuation part. Empty: the text has no letter, digit or
    picture. Folding twice is folding once.
    """
    # NFKD would make a blank of the spacing accent, which some write as an apostrophe.
    apart = unicodedata.normalize("NFKD", text.replace("´", "'")).translate(_TABLE)
    together = unicodedata.normalize("NFC", apart.casefold().translate(_TABLE))
    return [word[:MAX_WORD] for word in together.split()]


def searchable(*texts: str) -> dict[str, Any]:
    """The fields of a document that search compares: its `words`, and what is `joined` of them.

    `joined` has each text without its blanks, and all texts in their order and turned round: so
    that the whole text is found whichever field comes first, and without its blank.
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
    """What a character of decomposed text is folded to; remembered, up to a bound."""

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
    # A digit of any script; what this version of Unicode does not know is a letter.
    return str(unicodedata.digit(character)) if category == "Nd" else character


_TABLE = _Table()
