"""The search view of each aggregate keeps what every view promises, with its own mapping."""

from collections.abc import AsyncIterator

import pytest
from opensearchpy import AsyncOpenSearch

from local_stack.addresses import Addresses
from projections.conformance import opensearch as on_opensearch
from projections.conformance.changes import DocumentChanges
from projections.conformance.views import *
from projections.opensearch.change import DocumentChange
from tests.support.aggregates.under_test import AggregateUnderTest

pytestmark = pytest.mark.integration


@pytest.fixture
async def subject(
    stack: Addresses, aggregate: AggregateUnderTest
) -> AsyncIterator[ViewsUnderTest[DocumentChange]]:
    given = aggregate.samples.GIVEN | {"created_at": "2026-01-01T00:00:00Z"}
    changes = DocumentChanges(given, text=aggregate.samples.TEXTS[0])
    definition = aggregate.contracts.opensearch_index()
    async with (
        AsyncOpenSearch(stack.opensearch_url) as client,
        on_opensearch.generations(client, definition) as generations,
    ):
        yield await on_opensearch.views(client, generations, changes)
