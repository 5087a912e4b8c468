"""The application on the memory index."""

from typing import Any

import pytest

from chassis.http.pagination import Page, encode_cursor
from chassis.problems import Invalid
from search_api.application import UserSearch


def document(number: int, first: str = "Ann", last: str = "Lee") -> dict[str, Any]:
    return {
        "id": f"0192f5a8-4d3c-7a10-8b2e-{number:012x}",
        "version": 1,
        "first_name": first,
        "last_name": last,
        "created_at": "2026-11-24T01:02:03Z",
    }


async def test_a_term_is_trimmed_and_normalised(memory: Any) -> None:
    await memory.put(document(1, "Zo\u00eb"))
    users, _ = await UserSearch(memory.index).search("  Zoe\u0308 ", Page())
    assert [user.first_name for user in users] == ["Zo\u00eb"]


@pytest.mark.parametrize("term", ["", "   ", "x" * 101, "a\x00b", "a\nb", "\ud800"])
async def test_a_term_that_breaks_the_rules_is_refused(memory: Any, term: str) -> None:
    with pytest.raises(Invalid) as refused:
        await UserSearch(memory.index).search(term, Page())
    assert refused.value.errors[0].field == "q"


async def test_pages_follow_each_other(memory: Any) -> None:
    await memory.put(*(document(number) for number in range(7)))
    search, seen, cursor = UserSearch(memory.index), [], None
    while True:
        users, cursor = await search.search("ann", Page(3, cursor))
        seen += [user.id for user in users]
        if cursor is None:
            break
    assert seen == [document(number)["id"] for number in range(7)]


@pytest.mark.parametrize(
    "cursor", ["!", encode_cursor("a"), encode_cursor([1]), encode_cursor(["a", 1])]
)
async def test_foreign_cursor_is_rejected(memory: Any, cursor: str) -> None:
    with pytest.raises(Invalid):
        await UserSearch(memory.index).search("ann", Page(3, cursor))
