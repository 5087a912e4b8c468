"""The same command by HTTP and by gRPC: the same response, or the same row of the problem table."""

from typing import Any

import pytest

from chassis.problems import STATUS_BY_KIND, Kind
from tests.support.aggregates.under_test import AggregateUnderTest
from tests.support.clients.api_in_process import Clients

UNKNOWN = "01890000-0000-7000-8000-ffffffffffff"


def created(aggregate: AggregateUnderTest, **fields: Any) -> Any:
    return aggregate.proto("CreateRequest")(**aggregate.samples.GIVEN | fields)


async def test_both_answer_the_same_aggregate_and_history(
    aggregate: AggregateUnderTest, commands: Clients
) -> None:
    given, other = aggregate.samples.GIVEN, aggregate.samples.OTHER
    _, by_http = await commands.http("POST", aggregate.path, json=given)
    by_grpc = await commands.stub.create(created(aggregate))
    for name, value in given.items():
        assert getattr(by_grpc, name) == by_http[name] == value
    change = getattr(commands.stub, aggregate.samples.CHANGE.lower())
    changed = await change(aggregate.change_request(id=by_grpc.id, **other))
    assert (changed.version, changed.created_at) == (2, by_grpc.created_at)
    path = f"{aggregate.path}/{by_grpc.id}/history"
    _, body = await commands.http("GET", path)
    request = aggregate.proto("HistoryRequest")(id=by_grpc.id)
    events = (await commands.stub.history(request)).events
    names = ("event_id", "type", "version", *given)
    assert [[getattr(event, name) for name in names] for event in events] == [
        [event[name] for name in names] for event in body
    ]
    assert [event["type"] for event in body] == [
        aggregate.type("Created"),
        aggregate.type("Changed"),
    ]


@pytest.mark.parametrize("operation", ["change", "delete", "history"])
@pytest.mark.parametrize(("key", "kind"), [(UNKNOWN, Kind.NOT_FOUND), ("no id", Kind.INVALID)])
async def test_unknown_and_malformed_ids(
    aggregate: AggregateUnderTest, commands: Clients, operation: str, key: str, kind: Kind
) -> None:
    other, row = aggregate.samples.OTHER, STATUS_BY_KIND[kind]
    verb = aggregate.samples.CHANGE if operation == "change" else operation.capitalize()
    path = f"{aggregate.path}/{key}" + ("/history" if operation == "history" else "")
    method = {"change": "PATCH", "delete": "DELETE", "history": "GET"}[operation]
    fields = other if operation == "change" else {}
    options = {"json": other} if fields else {}
    status, body = await commands.http(method, path, **options)
    assert (status, body["title"]) == (row.http, row.title)
    request = aggregate.proto(f"{verb}Request")(id=key, **fields)
    assert (await commands.refused(verb.lower(), request))[0] == row.grpc


async def test_wrong_value_is_named(aggregate: AggregateUnderTest, commands: Clients) -> None:
    text = aggregate.samples.TEXTS[0]
    wrong = aggregate.samples.GIVEN | {text: ""}
    status, body = await commands.http("POST", aggregate.path, json=wrong)
    assert (status, body["errors"][0]["field"]) == (400, text)
    request = created(aggregate, **{text: ""})
    assert (await commands.refused("create", request))[0] == "INVALID_ARGUMENT"


async def test_stale_expected_version(aggregate: AggregateUnderTest, commands: Clients) -> None:
    one = await commands.stub.create(created(aggregate))
    path, headers = f"{aggregate.path}/{one.id}", {"If-Match": '"7"'}
    assert (await commands.http("DELETE", path, headers=headers))[0] == 412
    request = aggregate.proto("DeleteRequest")(id=one.id, expected_version=7)
    assert (await commands.refused("delete", request))[0] == "FAILED_PRECONDITION"


async def test_idempotency_key_gives_the_first_response_again(
    aggregate: AggregateUnderTest, commands: Clients
) -> None:
    key, metadata = {"Idempotency-Key": "k1"}, {"idempotency-key": "k1"}
    given, other = aggregate.samples.GIVEN, aggregate.samples.OTHER
    _, first = await commands.http("POST", aggregate.path, json=given, headers=key)
    again = await commands.stub.create(created(aggregate), metadata=metadata)
    assert again.id == first["id"]
    assert (await commands.http("POST", aggregate.path, json=other, headers=key))[0] == 422
    status, _ = await commands.refused("create", created(aggregate, **other), metadata)
    assert status == "INVALID_ARGUMENT"


async def test_what_only_json_can_get_wrong(
    aggregate: AggregateUnderTest, commands: Clients
) -> None:
    given = aggregate.samples.GIVEN
    for field in given:
        for body in (
            {name: value for name, value in given.items() if name != field},
            given | {field: None},
            given | {field: ["x"]},
            given | {"unknown": 1},
        ):
            status, problem = await commands.http("POST", aggregate.path, json=body)
            assert (status, problem["type"]) == (400, "urn:problem:invalid")
