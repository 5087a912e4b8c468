"""OpenSearch query for a search text; ranking: schemas/views/opensearch-users.md.

The text is used only as a value of term-level clauses, never in query syntax.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from chassis.text import folding
from projections.ranking import Rank, characters, may_be_part, typos

Clause = dict[str, Any]
DELETED: Clause = {"term": {"deleted": True}}


def query(text: str, further: Sequence[Clause] = ()) -> dict[str, Any]:
    """Return the query: best rank first, ties by id, without deleted documents.

    further: clauses of a lower rank than any, such as for an index of a former version.

    Each rank has a constant score: pages do not shift when the index changes, and many small
    parts never add up to a whole word.
    """
    words = folding.words(text)
    ranks = [constant(every, rank) for rank, every in _ranks(words)] + [*further]
    compared = words if len(words) > 1 else []  # for one word the rank is enough
    better = [constant(one(word), 1) for word in compared for one in (_word, _beginning)]
    return {
        "query": {
            "bool": {
                "must": [{"dis_max": {"queries": ranks}}],
                "should": better,
                "must_not": [DELETED],
            }
        },
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "track_total_hits": False,
        "track_scores": True,
    }


def _ranks(words: Sequence[str]) -> Iterator[tuple[Rank, Clause]]:
    """Yield the clause that documents of each rank, or of a better one, match."""
    whole, joined = " ".join(words), "".join(words)[: folding.MAX_WORD]
    is_joined: Clause = {"term": {"joined": joined}}
    yield Rank.WHOLE, {"term": {"words.whole": whole}}
    if len(words) > 1:
        yield Rank.NAME_IN_ORDER, _all([is_joined, _in_order("words", whole)])
        yield Rank.WORDS_IN_ORDER, _in_order("words", whole)
    yield Rank.NAME, _all([is_joined, *map(_word, words)])
    yield Rank.WORDS, _all(map(_word, words))
    yield Rank.JOINED, is_joined
    if len(words) > 1:
        yield Rank.BEGINNINGS_IN_ORDER, _in_order("words.beginnings", whole)
    yield Rank.BEGINNINGS, {"term": {"joined.beginnings": joined}}
    yield Rank.BEGINNINGS, _all(map(_beginning, words))
    yield Rank.PARTS, _all(_any(_up_to_part(word)) for word in words)
    yield Rank.TYPOS, _all(_any(_up_to_typo(word)) for word in words)
    if any(map(characters, words)):
        yield Rank.CHARACTERS, _all(_any(_up_to_characters(word)) for word in words)


def _up_to_part(word: str) -> Iterator[Clause]:
    yield _beginning(word)
    if may_be_part(word):
        yield _part(word)


def _up_to_typo(word: str) -> Iterator[Clause]:
    yield from _up_to_part(word)
    for edits in range(1, typos(word) + 1):
        # This rewrite has no limit on expansions, so it omits none of many similar names.
        # Two errors with a wrong first character would double the CPU time of a full-text search.
        near = {"value": word, "fuzziness": edits, "prefix_length": edits - 1}
        yield {"fuzzy": {"words": near | {"rewrite": "constant_score"}}}


def _up_to_characters(word: str) -> Iterator[Clause]:
    yield from _up_to_typo(word)
    if found := characters(word):
        yield _all(map(_part, found))


def _word(word: str) -> Clause:
    return {"term": {"words": word}}


def _beginning(word: str) -> Clause:
    return {"term": {"words.beginnings": word}}


def _part(word: str) -> Clause:
    return {"term": {"words.parts": word}}


def _in_order(field: str, whole: str) -> Clause:
    return {"intervals": {field: {"match": {"query": whole, "ordered": True, "max_gaps": -1}}}}


def _all(clauses: Any) -> Clause:
    return {"bool": {"filter": list(clauses)}}


def _any(clauses: Iterator[Clause]) -> Clause:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def constant(clause: Clause, score: int) -> Clause:
    """The clause, with one score for all that it finds."""
    return {"constant_score": {"filter": clause, "boost": score}}
