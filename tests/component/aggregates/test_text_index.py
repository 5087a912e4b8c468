"""The search view of each aggregate is searched as every one is, with its own mapping."""

from collections.abc import AsyncIterator

import pytest
from opensearchpy import AsyncOpenSearch

from local_stack.addresses import Addresses
from projections.conformance import opensearch as on_opensearch
from projections.conformance.text_index import *
from tests.support.aggregates.under_test import AggregateUnderTest


@pytest.fixture
async def opensearch(
    stack: Addresses, aggregate: AggregateUnderTest
) -> AsyncIterator[TextIndexUnderTest]:
    samples, definition = aggregate.samples, aggregate.contracts.opensearch_index()
    async with (
        AsyncOpenSearch(stack.opensearch_url) as client,
        on_opensearch.text_index(client, definition, samples.GIVEN, samples.TEXTS) as index,
    ):
        yield index


@pytest.fixture(params=["index", pytest.param("opensearch", marks=pytest.mark.integration)])
def subject(request: pytest.FixtureRequest, aggregate: AggregateUnderTest) -> TextIndexUnderTest:
    subject: TextIndexUnderTest = request.getfixturevalue(request.param)
    return subject
