"""User index in memory, for tests and the demo; it passes the contract suite."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from chassis.text import folding
from projections.memory.search import search
from projections.ranking import Rank, characters, may_be_part, typos
from projections.reader import ScoredDocument

Matches = Callable[[str], bool]


class MemoryTextIndex:
    """Implements projections.searches.TextIndex; `documents` are as in OpenSearch, by id."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._documents = documents

    async def search(
        self, text: str, after: tuple[float, str] | None, limit: int
    ) -> list[ScoredDocument]:
        return search(self._documents, partial(_score, folding.words(text)), after, limit)


def _score(wanted: Sequence[str], document: Mapping[str, Any]) -> float:
    """Return the rank plus the number of better matching words; 0: a word does not match."""
    if not wanted:
        return 0
    names: list[str] = document["words"].split()
    rank = _rank(wanted, names, document["joined"])
    compared = wanted if len(wanted) > 1 else ()
    better = sum((word in names) + _begins(word, names) for word in compared)
    return rank + better if rank else 0


def _rank(wanted: Sequence[str], names: Sequence[str], joined: Sequence[str]) -> int:
    together = "".join(wanted)[: folding.MAX_WORD]
    several = len(wanted) > 1

    def every(matches: Callable[[str, Sequence[str]], bool]) -> bool:
        return all(matches(word, names) for word in wanted)

    are_words = every(lambda word, names: word in names)
    are_in_order = several and _in_order(wanted, names, str.__eq__)
    ranks = (
        (Rank.WHOLE, list(wanted) == list(names)),
        (Rank.NAME_IN_ORDER, are_in_order and together in joined),
        (Rank.WORDS_IN_ORDER, are_in_order),
        (Rank.NAME, are_words and together in joined),
        (Rank.WORDS, are_words),
        (Rank.JOINED, together in joined),
        (Rank.BEGINNINGS_IN_ORDER, several and _in_order(wanted, names, str.startswith)),
        (Rank.BEGINNINGS, _begins(together, joined) or every(_begins)),
        (Rank.PARTS, every(_is_part)),
        (Rank.TYPOS, every(_is_near)),
        (Rank.CHARACTERS, every(_has_characters)),
    )
    return next((rank for rank, is_so in ranks if is_so), 0)


def _in_order(
    wanted: Sequence[str], names: Sequence[str], matches: Callable[[str, str], bool]
) -> bool:
    """Whether the words match names in the same order."""
    rest = iter(names)
    return all(any(matches(name, word) for name in rest) for word in wanted)


def _begins(word: str, names: Sequence[str]) -> bool:
    return any(name.startswith(word) for name in names)


def _is_part(word: str, names: Sequence[str]) -> bool:
    is_within = may_be_part(word) and any(word in name for name in names)
    return is_within or _begins(word, names)


def _is_near(word: str, names: Sequence[str]) -> bool:
    return _is_part(word, names) or any(_differs_little(word, name) for name in names)


def _differs_little(word: str, name: str) -> bool:
    edits = typos(word) if word[0] == name[0] else min(typos(word), 1)
    return abs(len(word) - len(name)) <= edits and 0 < distance(word, name) <= edits


def _has_characters(word: str, names: Sequence[str]) -> bool:
    found = characters(word)
    return _is_near(word, names) or (
        bool(found) and all(any(one in name for name in names) for one in found)
    )


def distance(one: str, other: str) -> int:
    """Return the number of changed, missing, added or transposed characters.

    As in Lucene a transposed character is not edited again (optimal string alignment).
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, its in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], its):
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]
