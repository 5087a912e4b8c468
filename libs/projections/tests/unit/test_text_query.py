"""The caller's text is used only as a value in the queries."""

import math
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chassis.text import folding
from projections.opensearch.text_query import text_query
from projections.ranking import Rank

TEXTS = st.text(min_size=1, max_size=100)
NO_CLAUSE = "zqzqzq"  # a text that no clause has

SCORES = [rank + bonus for rank in Rank for bonus in range(5)]  # of texts of up to two words


def query(text: str) -> dict[str, Any]:
    """Return all that OpenSearch may receive for the text, as one clause."""
    if not folding.words(text):
        return {"bodies": []}
    made = text_query(text)
    close, distant = made.stages
    best = [made.best(stage, below) for stage in made.stages for below in (math.inf, *SCORES)]
    bodies = (*best, made.ordered(distant, close), *map(made.exactly, SCORES))
    return {"bodies": [body for body in bodies if body]}


def largest(text: str) -> int:
    """Return the number of leaves of the largest body."""
    return max((sum(1 for _ in leaves(body)) for body in query(text)["bodies"]), default=0)


def leaves(clause: Any) -> Iterator[tuple[str, Any]]:
    """Yield each leaf value of the clauses, with its key."""
    for key, value in clause.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from leaves(one)
            else:
                yield key, one


def keys(clause: Any) -> Iterator[str]:
    for key, value in clause.items():
        yield key
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from keys(one)


VOCABULARY = {str(key) for key in keys(query(f"{NO_CLAUSE} 李龍"))}
FIXED = {leaf for leaf in leaves(query(NO_CLAUSE)) if NO_CLAUSE not in str(leaf[1])}


@given(TEXTS)
def test_query_keys_do_not_depend_on_the_text(text: str) -> None:
    assert set(keys(query(text))) <= VOCABULARY


@given(TEXTS)
def test_query_values_are_constants_or_folded_words(text: str) -> None:
    words = folding.words(text)
    own = {text, *words, " ".join(words), "".join(words)[: folding.MAX_WORD], *"".join(words)}
    strings = {value for key, value in set(leaves(query(text))) - FIXED if isinstance(value, str)}
    assert strings <= own


@given(st.text(max_size=100))
def test_query_stays_within_opensearchs_clause_limit(text: str) -> None:
    if len(folding.words(text)) <= 50:
        assert largest(text) < 1024
