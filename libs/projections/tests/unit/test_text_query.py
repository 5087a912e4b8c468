"""The caller's text is used only as a value in the query."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chassis.text import folding
from projections.opensearch.text_query import query

TEXTS = st.text(min_size=1, max_size=100)
NO_CLAUSE = "zqzqzq"  # a text that no clause has


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
        assert sum(1 for _ in leaves(query(text))) < 1024
