"""Typing errors are counted as Lucene counts them, and longer words may have more of them."""

import pytest

from projections.memory.text_index import distance
from projections.ranking import typos


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("smith", "smith", 0),
        ("smith", "smiht", 1),
        ("smith", "smth", 1),
        ("smith", "smiith", 1),
        ("smith", "xmith", 1),
        ("smith", "msiht", 2),
        ("ca", "abc", 3),  # optimal string alignment; 2 if a character could be edited twice
    ],
)
def test_typing_errors_are_counted_as_lucene_counts(one: str, other: str, expected: int) -> None:
    assert distance(one, other) == distance(other, one) == expected


@pytest.mark.parametrize(
    ("word", "edits"), [("abc", 0), ("abcd", 1), ("abcdefg", 1), ("abcdefgh", 2)]
)
def test_longer_words_may_have_more_typing_errors(word: str, edits: int) -> None:
    assert typos(word) == edits
