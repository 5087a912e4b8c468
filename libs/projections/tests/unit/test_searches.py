"""What a caller may ask of a view by text, on the index in memory."""

from typing import Any

import pytest

from chassis.http.pagination import Page, encode_cursor
from chassis.problems import Invalid
from chassis.text import folding
from projections.memory.text_index import MemoryTextIndex
from projections.searches import TextSearch


def searched(*texts: str) -> TextSearch:
    """A search of documents with these texts."""
    documents: dict[str, dict[str, Any]] = {
        an_id(number): {"id": an_id(number), "text": text, **folding.searchable(text)}
        for number, text in enumerate(texts)
    }
    return TextSearch(MemoryTextIndex(documents))


def an_id(number: int) -> str:
    return f"0192f5a8-4d3c-7a10-8b2e-{number:012x}"


async def test_a_term_is_trimmed_and_normalised() -> None:
    found, _ = await searched("Zo\u00eb").search("  Zoe\u0308 ", Page())
    assert [one["text"] for one in found] == ["Zo\u00eb"]


@pytest.mark.parametrize("term", ["", "   ", "x" * 101, "a\x00b", "a\nb", "\ud800"])
async def test_a_term_that_breaks_the_rules_is_refused(term: str) -> None:
    with pytest.raises(Invalid) as refused:
        await searched("Ann").search(term, Page())
    assert refused.value.errors[0].field == "q"


async def test_pages_follow_each_other() -> None:
    search, seen, cursor = searched(*["Ann"] * 7), [], None
    while True:
        found, cursor = await search.search("ann", Page(3, cursor))
        seen += [one["id"] for one in found]
        if cursor is None:
            break
    assert seen == [an_id(number) for number in range(7)]


@pytest.mark.parametrize(
    "cursor", ["!", encode_cursor("a"), encode_cursor([1]), encode_cursor(["a", 1])]
)
async def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        await searched("Ann").search("ann", Page(3, cursor))
