"""Tiers of a search text: what documents of each rank match; schemas/views/opensearch-users.md."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from chassis.text import folding
from projections.opensearch import clauses
from projections.opensearch.clauses import Clause, every, some
from projections.ranking import Rank, characters, typos


@dataclass(frozen=True, slots=True)
class Tier:
    """Documents of a rank, or of a better one: their score is the rank and a bonus."""

    rank: int
    clause: Clause
    least: int
    """The smallest bonus: the number of better matching words."""
    most: int
    """The greatest bonus of a document that is in no better tier."""

    def reaching(self, score: float, bonus: Sequence[Clause]) -> Clause | None:
        """Return what finds its documents of this score and better; None: there are none."""
        missing = score - self.rank
        if missing <= self.least:
            return self.clause
        if missing > self.most:
            return None
        # A cursor is the client's: its score may lie between two scores.
        return every([self.clause, some(bonus, -int(-missing // 1))])


@dataclass(frozen=True, slots=True)
class Stage:
    """Tiers that are searched together, best first."""

    tiers: Sequence[Tier]
    is_sorted: bool
    """Whether OpenSearch orders equal scores by id, for which it visits each match (40 to 70 ns).

    Otherwise a second search finds the first ones of them by id.
    """

    @property
    def floor(self) -> int:
        """The score that all its documents reach."""
        return self.tiers[-1].rank


def close(words: Sequence[str]) -> Stage:
    """Return the stage of words and beginnings: each tier is a few exact terms."""
    return Stage(list(_tiers(_close(words), len(words))), is_sorted=False)


def distant(words: Sequence[str], former: Sequence[Tier]) -> Stage:
    """Return the stage of parts and typos, which scan the list of all words.

    To expand two typos takes 1 to 3 ms, as long as to visit 40,000 matches; a name of eight
    characters and more, or two names with typos, hardly match that many.
    """
    is_sorted = len(words) > 1 or typos(words[0]) > 1
    return Stage([*_tiers(_distant(words), len(words)), *former], is_sorted)


def bonus(words: Sequence[str]) -> list[Clause]:
    """Return the clauses that add 1 each; for one word the rank is enough."""
    compared = words if len(words) > 1 else []
    return [one(word) for word in compared for one in (clauses.word, clauses.beginning)]


def _tiers(ranked: Iterable[tuple[Rank, Clause, int]], words: int) -> Iterator[Tier]:
    """Make tiers of clauses whose documents match at least so many of the words' bonuses."""
    for rank, clause, matching in ranked:
        least = matching if words > 1 else 0
        most = 2 * words - (least < 2 * words) if words > 1 else 0
        yield Tier(rank, clause, least, most)


def _close(words: Sequence[str]) -> Iterator[tuple[Rank, Clause, int]]:
    whole, together = " ".join(words), "".join(words)[: folding.MAX_WORD]
    is_joined, count = clauses.joined(together), len(words)
    yield Rank.WHOLE, clauses.whole(whole), 2 * count
    if count > 1:
        in_order = clauses.in_order("words", whole)
        yield Rank.NAME_IN_ORDER, every([is_joined, in_order]), 2 * count
        yield Rank.WORDS_IN_ORDER, in_order, 2 * count
    yield Rank.NAME, every([is_joined, *map(clauses.word, words)]), 2 * count
    yield Rank.WORDS, every(map(clauses.word, words)), 2 * count
    yield Rank.JOINED, is_joined, 0
    if count > 1:
        yield Rank.BEGINNINGS_IN_ORDER, clauses.in_order("words.beginnings", whole), count
    yield Rank.BEGINNINGS, clauses.joined_beginning(together), 0
    yield Rank.BEGINNINGS, every(map(clauses.beginning, words)), count


def _distant(words: Sequence[str]) -> Iterator[tuple[Rank, Clause, int]]:
    yield Rank.PARTS, _each(words, clauses.up_to_part), 0
    yield Rank.TYPOS, _each(words, clauses.up_to_typo), 0
    if any(map(characters, words)):
        yield Rank.CHARACTERS, _each(words, clauses.up_to_characters), 0


def _each(words: Sequence[str], matches: Callable[[str], Iterator[Clause]]) -> Clause:
    return every(some(matches(word)) for word in words)
