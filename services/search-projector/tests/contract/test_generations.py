"""Conformance of the generations of the index of users."""

import pytest

from projections.conformance import memory
from projections.conformance.changes import DocumentChanges
from projections.conformance.generations import *
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations


@pytest.fixture
def in_memory(changes: DocumentChanges) -> GenerationsUnderTest[DocumentChange]:
    return memory.generations_of_documents(changes)


@pytest.fixture
def in_opensearch(
    opensearch_generations: OpenSearchGenerations, changes: DocumentChanges
) -> GenerationsUnderTest[DocumentChange]:
    return GenerationsUnderTest(opensearch_generations, changes)


@pytest.fixture(params=["in_memory", pytest.param("in_opensearch", marks=pytest.mark.integration)])
def subject(request: pytest.FixtureRequest) -> GenerationsUnderTest[DocumentChange]:
    subject: GenerationsUnderTest[DocumentChange] = request.getfixturevalue(request.param)
    return subject
