"""The contracts of each aggregate: published, compatible, and valid by their specifications."""

import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from tests.support.aggregates.under_test import AggregateUnderTest
from tests.support.schemas.evolution import objections, published

SAMPLES = Path(__file__).parents[3] / "schemas" / "samples"


def test_event_is_published_and_may_follow_every_version_before_it(
    aggregate: AggregateUnderTest,
) -> None:
    versions = published(SAMPLES / f"{aggregate.name}_event")
    schema = aggregate.contracts.avro_schema()
    assert versions[-1] == schema, f"add schemas/samples/{aggregate.name}_event/v<next>.avsc"
    assert objections(versions) == []


@pytest.mark.parametrize("api", ["command-api", "query-api", "search-api"])
def test_openapi_document_is_valid(aggregate: AggregateUnderTest, api: str) -> None:
    document = aggregate.contracts.openapi(aggregate.program(api))
    validate(json.loads(document), cls=OpenAPIV31SpecValidator)
