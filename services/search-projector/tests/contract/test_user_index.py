"""Conformance of the index of users."""

import pytest
from opensearchpy import AsyncOpenSearch

from projections.conformance import memory
from projections.conformance import opensearch as on_opensearch
from projections.conformance.changes import DocumentChanges
from projections.conformance.views import *
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations


@pytest.fixture
def in_memory(changes: DocumentChanges) -> ViewsUnderTest[DocumentChange]:
    return memory.documents(changes)


@pytest.fixture
async def in_opensearch(
    client: AsyncOpenSearch, opensearch_generations: OpenSearchGenerations, changes: DocumentChanges
) -> ViewsUnderTest[DocumentChange]:
    return await on_opensearch.views(client, opensearch_generations, changes)


@pytest.fixture(params=["in_memory", pytest.param("in_opensearch", marks=pytest.mark.integration)])
def subject(request: pytest.FixtureRequest) -> ViewsUnderTest[DocumentChange]:
    subject: ViewsUnderTest[DocumentChange] = request.getfixturevalue(request.param)
    return subject
