"""The same search by path, by query and by gRPC: the same hits, or the same problem."""

import pytest

from chassis.problems import STATUS_BY_KIND, Kind
from projections.conformance.text_index import TextIndexUnderTest
from tests.support.aggregates.under_test import AggregateUnderTest
from tests.support.clients.api_in_process import Clients


async def test_path_query_and_grpc_find_the_same(
    aggregate: AggregateUnderTest, search: Clients, index: TextIndexUnderTest
) -> None:
    document = index.document(1)
    await index.put(document)
    text = document[aggregate.samples.TEXTS[-1]].upper()
    assert await search.http("GET", f"{aggregate.path}/search/{text}") == (200, [document])
    assert await search.http("GET", f"{aggregate.path}/search?q={text}") == (200, [document])
    answer = await search.stub.search(aggregate.proto("SearchRequest")(query=text))
    (found,) = getattr(answer, aggregate.plural)
    values = {name: getattr(found, name) for name in document}
    assert values.pop("created_at").isoformat() == "2026-11-24T01:02:03.123456+00:00"
    assert values == {name: value for name, value in document.items() if name != "created_at"}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("q=", {"query": ""}),
        (f"q={'x' * 101}", {"query": "x" * 101}),
        ("q=a&limit=101", {"query": "a", "limit": 101}),
    ],
    ids=["empty", "long", "limit"],
)
async def test_mistakes_are_the_same_by_both(
    aggregate: AggregateUnderTest, search: Clients, query: str, fields: dict[str, str]
) -> None:
    row = STATUS_BY_KIND[Kind.INVALID]
    status, body = await search.http("GET", f"{aggregate.path}/search?{query}")
    assert (status, body["title"]) == (row.http, row.title)
    request = aggregate.proto("SearchRequest")(**fields)
    assert await search.refused("search", request) == (row.grpc, body["detail"])
