"""OpenSearch queries for a search text; ranking: schemas/views/opensearch-users.md.

Each score is a constant of its tier: pages do not shift when the index changes, and many small
parts never add up to a whole word. Constant scores also bound the cost: once a page is full, Lucene
skips all clauses that score no better, and an index that is sorted by id ends after one page of
equal scores. So a search for a common name does
not visit all documents that match.

A marker of a deleted aggregate has no words, and matches no clause.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.text import folding
from projections.opensearch import clauses, tiers
from projections.opensearch.clauses import Clause, best_of, constant, some
from projections.opensearch.tiers import Stage, Tier

Body = dict[str, Any]
LEVELS = 4  # words of a text with a clause for each bonus; 50 words would exceed 1,024 clauses


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A search text, as bodies of searches."""

    words: Sequence[str]
    stages: tuple[Stage, Stage]
    """First a few exact terms, then parts and typos."""
    bonus: Sequence[Clause]

    def best(self, stage: Stage, below: float) -> Body | None:
        """Return what finds the best documents of a stage with a score below this one.

        Equal scores are in any order. None: the stage has no such score.
        """
        left = [tier for tier in stage.tiers if tier.rank + tier.least < below]
        if not left:
            return None
        is_close = stage is self.stages[0] and len(self.words) <= LEVELS
        query = self._by_levels(left) if is_close else self._by_sum(left)
        return _body(_without(query, self._reaching(below)))

    def ordered(self, stage: Stage, above: Stage) -> Body:
        """Return what finds all documents of a stage, best first, equal scores by id."""
        query = _without(self._by_sum(stage.tiers), self._reaching(above.floor))
        sort = [{"_score": "desc"}, {"id": "asc"}]
        return _body(query) | {"sort": sort}

    def exactly(self, score: float) -> Body | None:
        """Return what finds documents of this score, by id; None: no document has it."""
        found = self._reaching(score)
        if not found:
            return None
        query = _without(clauses.every([some(found)]), self._reaching(math.floor(score) + 1))
        return _body(query) | {"sort": [{"id": "asc"}]}

    def _by_levels(self, found: Sequence[Tier]) -> Clause:
        return best_of([one for tier in found for one in self._levels(tier)])

    def _levels(self, tier: Tier) -> Iterator[Clause]:
        """Yield a constant clause for each bonus, which is skipped when it cannot win any more.

        Only a few documents match a tier without a least bonus and no other one; they are counted.
        """
        if not tier.least and tier.most:
            yield self._summed(constant(tier.clause, tier.rank))
            return
        for extra in range(tier.most - tier.least, 0, -1):
            whole = some(map(clauses.word, self.words), extra)
            yield constant(clauses.every([tier.clause, whole]), tier.rank + tier.least + extra)
        yield constant(tier.clause, tier.rank + tier.least)

    def _by_sum(self, found: Sequence[Tier]) -> Clause:
        return self._summed(best_of([constant(tier.clause, tier.rank) for tier in found]))

    def _summed(self, query: Clause) -> Clause:
        better = [constant(one, 1) for one in self.bonus]
        return {"bool": {"must": [query], "should": better}} if better else query

    def _reaching(self, score: float) -> list[Clause]:
        """Return clauses of which one matches each document of this score or a better one."""
        found = (tier.reaching(score, self.bonus) for stage in self.stages for tier in stage.tiers)
        return [clause for clause in found if clause is not None]


def text_query(text: str, former: Sequence[Tier] = ()) -> TextQuery:
    """Return the queries of a text with words.

    former: tiers of a lower rank than any, such as for an index of a former version.
    """
    words = folding.words(text)
    stages = tiers.close(words), tiers.distant(words, former)
    return TextQuery(words, stages, tiers.bonus(words))


def _without(query: Clause, excluded: Sequence[Clause]) -> Clause:
    return {"bool": {"must": [query], "must_not": list(excluded)}} if excluded else query


def _body(query: Clause) -> Body:
    return {"query": query, "track_total_hits": False}
