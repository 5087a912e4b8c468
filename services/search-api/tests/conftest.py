"""The indexes that the contract suite runs on, filled as the contract describes."""

from collections.abc import AsyncIterator

import pytest
from opensearchpy import AsyncOpenSearch

from local_stack.addresses import Addresses
from projections.conformance import memory as in_memory
from projections.conformance import opensearch as on_opensearch
from projections.conformance.text_index import TextIndexUnderTest
from user_contracts import opensearch_index

GIVEN = {"first_name": "Some first name", "last_name": "Some last name"}
TEXTS = ["first_name", "last_name"]


@pytest.fixture
def memory() -> TextIndexUnderTest:
    return in_memory.text_index(GIVEN, TEXTS)


@pytest.fixture
async def opensearch(stack: Addresses) -> AsyncIterator[TextIndexUnderTest]:
    async with (
        AsyncOpenSearch(stack.opensearch_url) as client,
        on_opensearch.text_index(client, opensearch_index(), GIVEN, TEXTS) as index,
    ):
        yield index


@pytest.fixture(params=["memory", pytest.param("opensearch", marks=pytest.mark.integration)])
def shelf(request: pytest.FixtureRequest) -> TextIndexUnderTest:
    shelf: TextIndexUnderTest = request.getfixturevalue(request.param)
    return shelf
