"""Clauses of OpenSearch's query DSL for folded words.

The caller's text is used only as a value of term-level clauses, never in query syntax.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from projections.ranking import characters, may_be_part, typos

Clause = dict[str, Any]
ONCE, BY_SEGMENT = "constant_score_boolean", "constant_score"
"""How a word with typos is expanded to the words of the index.

Lucene builds an automaton for it, in 1 to 2 ms: once, or again for each segment of the index, for
which there is no limit on the number of words.
"""


def word(text: str) -> Clause:
    return {"term": {"words": text}}


def whole(text: str) -> Clause:
    return {"term": {"words.whole": text}}


def beginning(text: str) -> Clause:
    return {"term": {"words.beginnings": text}}


def part(text: str) -> Clause:
    return {"term": {"words.parts": text}}


def joined(text: str) -> Clause:
    return {"term": {"joined": text}}


def joined_beginning(text: str) -> Clause:
    return {"term": {"joined.beginnings": text}}


def in_order(field: str, text: str) -> Clause:
    return {"intervals": {field: {"match": {"query": text, "ordered": True, "max_gaps": -1}}}}


def up_to_part(text: str) -> Iterator[Clause]:
    """Yield what a word may match without a typo."""
    yield beginning(text)
    if may_be_part(text):
        yield part(text)


def up_to_typo(text: str) -> Iterator[Clause]:
    """Yield what a word may match."""
    yield from up_to_part(text)
    for edits in range(1, typos(text) + 1):
        # Two errors with a wrong first character would double the CPU time of a full-text search.
        near = {"value": text, "fuzziness": edits, "prefix_length": edits - 1}
        yield {"fuzzy": {"words": near | {"rewrite": ONCE}}}


def up_to_characters(text: str) -> Iterator[Clause]:
    """Yield what a word may match, if its characters may be in any order."""
    yield from up_to_typo(text)
    if found := characters(text):
        yield every(map(part, found))


def every(clauses: Iterable[Clause]) -> Clause:
    return {"bool": {"filter": list(clauses)}}


def some(clauses: Iterable[Clause], least: int = 1) -> Clause:
    """At least this number of the clauses."""
    return {"bool": {"should": list(clauses), "minimum_should_match": least}}


def constant(clause: Clause, score: int) -> Clause:
    """The clause, with one score for all that it finds."""
    return {"constant_score": {"filter": clause, "boost": score}}


def by_segment(clause: Any) -> Any:
    """Return the clause with every word expanded by segment."""
    if isinstance(clause, dict):
        return {
            key: BY_SEGMENT if key == "rewrite" else by_segment(value)
            for key, value in clause.items()
        }
    return [by_segment(one) for one in clause] if isinstance(clause, list) else clause


def best_of(clauses: Sequence[Clause]) -> Clause:
    """Score by the best of the clauses."""
    return {"dis_max": {"queries": list(clauses)}}
