"""The same query by HTTP and by gRPC: the same bytes, or the same row of the problem table."""

from typing import Any

import pytest

from chassis.problems import STATUS_BY_KIND, Kind
from projections.conformance.reader import ReaderUnderTest, a_key
from tests.support.aggregates.under_test import NOON, AggregateUnderTest
from tests.support.clients.api_in_process import Clients

UNKNOWN = "0192f5a8-4d3c-7a10-8b2e-ffffffffffff"


def message(aggregate: AggregateUnderTest, number: int) -> Any:
    given = aggregate.samples.GIVEN
    return aggregate.proto(aggregate.title)(
        id=a_key(number), **given, created_at=NOON, version=number
    )


def stored(one: Any) -> dict[str, bytes]:
    json = f'{{"id":"{one.id}","version":{one.version}}}'.encode()
    return {"version": str(one.version).encode(), "json": json, "proto": bytes(one)}


async def test_both_send_the_stored_bytes(
    aggregate: AggregateUnderTest, queries: Clients, view: ReaderUnderTest
) -> None:
    one = message(aggregate, 1)
    await view.put(one.id, stored(one))
    async with queries.session.get(f"{aggregate.path}/{one.id}") as response:
        assert await response.read() == stored(one)["json"]
        assert response.headers["ETag"] == '"1"'
    assert bytes(await queries.stub.get(aggregate.proto("GetRequest")(id=one.id))) == bytes(one)


async def test_list_of_stored_bytes_reads_as_one_message(
    aggregate: AggregateUnderTest, queries: Clients, view: ReaderUnderTest
) -> None:
    every = [message(aggregate, number) for number in range(1, 8)]
    for one in every:
        await view.put(one.id, stored(one))
    request, plural = aggregate.proto("ListRequest"), aggregate.plural
    first = await queries.stub.list(request(limit=5))
    assert [bytes(one) for one in getattr(first, plural)] == [bytes(one) for one in every[:1:-1]]
    second = await queries.stub.list(request(limit=5, cursor=first.next_cursor))
    assert [bytes(one) for one in getattr(second, plural)] == [bytes(one) for one in every[1::-1]]
    assert second.next_cursor == ""


@pytest.mark.parametrize(("key", "kind"), [(UNKNOWN, Kind.NOT_FOUND), ("x", Kind.INVALID)])
async def test_unknown_and_malformed_ids(
    aggregate: AggregateUnderTest, queries: Clients, key: str, kind: Kind
) -> None:
    row = STATUS_BY_KIND[kind]
    status, body = await queries.http("GET", f"{aggregate.path}/{key}")
    assert (status, body["title"]) == (row.http, row.title)
    request = aggregate.proto("GetRequest")(id=key)
    assert await queries.refused("get", request) == (row.grpc, body["detail"])
