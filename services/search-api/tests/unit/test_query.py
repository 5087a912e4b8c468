"""The caller's text is a value in the query, and nothing else."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from search_api.opensearch_user_index import query


def without(text: str, clause: Any) -> Any:
    """The clause with the text taken out wherever it is a whole value."""
    if isinstance(clause, dict):
        return {key: without(text, value) for key, value in clause.items()}
    if isinstance(clause, list):
        return [without(text, value) for value in clause]
    return None if clause == text else clause


@given(st.text(min_size=1, max_size=100))
def test_whatever_the_text_the_clauses_are_the_same(text: str) -> None:
    marker = "\x00 a text that no clause has"
    assert without(text, query(text)) == without(text, without(marker, query(marker)))
