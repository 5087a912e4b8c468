"""Pages of results follow the documented order, whatever segments and settings the index has."""

import copy
import random
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch

from loadtest import skewed
from local_stack.addresses import Addresses
from projections.conformance import opensearch as on_opensearch
from projections.conformance.text_index import TextIndexUnderTest
from projections.reader import ScoredDocument
from projections.searches import TextIndex
from user_contracts import opensearch_index

pytestmark = pytest.mark.integration
TEXTS = ["first_name", "last_name"]
PEOPLE, SEGMENTS = 400, 5
QUERIES = [
    *skewed.FIFTH,
    "kim maria",
    "mariakim",
    "m k",
    "kim kim",
    "jean luc",
    "maria k s",
    "m a r i k",
    "margaret",
    "mragaret",
    "elizabteh",
    "smiht john",
    "ar im",
    "smithson",
    "李小",
    "龍小",
]
MIDDLE = [4003.5, 6000.0, 2000.5, 999.0]
"""Scores of cursors that no document has."""


def without_order() -> dict[str, Any]:
    """Return the definition of an index from before it was sorted."""
    definition: dict[str, Any] = copy.deepcopy(opensearch_index())
    del definition["settings"]["sort.field"]
    return definition


@pytest.fixture(params=["sorted", "not sorted"])
async def index(
    request: pytest.FixtureRequest, stack: Addresses, memory: TextIndexUnderTest
) -> AsyncIterator[TextIndexUnderTest]:
    """Yield an index of several segments, none of which holds successive ids."""
    definition = opensearch_index() if request.param == "sorted" else without_order()
    people = [skewed.document(*one) for one in _numbered(PEOPLE)]
    random.Random(SEGMENTS).shuffle(people)
    async with (
        AsyncOpenSearch(stack.opensearch_url) as client,
        on_opensearch.text_index(client, definition, {}, TEXTS) as index,
    ):
        for first in range(SEGMENTS):
            await index.put(*people[first::SEGMENTS])
        await memory.put(*people)
        yield index


def _numbered(count: int) -> list[tuple[int, str, str]]:
    people = islice(skewed.people(count), count)
    return [(number, *names) for number, names in enumerate(people)]


async def paged(
    index: TextIndex, text: str, after: tuple[float, str] | None, size: int
) -> list[ScoredDocument]:
    """Return the documents of all pages of this size."""
    seen: list[ScoredDocument] = []
    while found := await index.search(text, after, size):
        seen += found
        after = (found[-1].score, found[-1].document["id"])
    return seen


async def test_pages_of_any_size_are_the_whole_result_in_order(
    index: TextIndexUnderTest, memory: TextIndexUnderTest
) -> None:
    for text in QUERIES:
        expected = await memory.index.search(text, None, PEOPLE)
        for size in (1 + len(expected) // 7, 1 + len(expected) // 3, PEOPLE):
            assert await paged(index.index, text, None, size) == expected, (text, size)


async def test_page_continues_behind_any_score_of_a_cursor(
    index: TextIndexUnderTest, memory: TextIndexUnderTest
) -> None:
    for text in ("maria kim", "ma ki", "mraia", "mragaret"):
        for score in MIDDLE:
            after = (score, skewed.document(9, "", "")["id"])
            expected = await memory.index.search(text, after, PEOPLE)
            assert await paged(index.index, text, after, 20) == expected, (text, score)
