"""Cursors round-trip, and anything else is rejected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.http.pagination import MAX_LIMIT, decode_cursor, encode_cursor, page
from chassis.problems import Invalid


@given(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=50)))
def test_cursor_round_trips(position: tuple[float, str]) -> None:
    assert decode_cursor(encode_cursor(position), tuple[float, str]) == position


@given(st.text(max_size=600))
def test_a_foreign_cursor_is_invalid(text: str) -> None:
    try:
        decode_cursor(text, tuple[float, str])
    except Invalid as problem:
        assert problem.errors[0].field == "cursor"


@pytest.mark.parametrize("limit", [-1, MAX_LIMIT + 1])
def test_a_limit_out_of_bounds_is_invalid(limit: int) -> None:
    with pytest.raises(Invalid):
        page(limit, None)


def test_omitted_values_mean_the_defaults() -> None:
    assert page(0, "") == page(None, None)
