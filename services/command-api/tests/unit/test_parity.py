"""The same case over both transports: the same response, or the same row of the problem table."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chassis.api_process import Api
from chassis.problems import STATUS_BY_KIND, Kind
from command_api import grpc_api, http_api
from command_api.application import Users
from tests.support.clients.api_in_process import Clients, in_process
from user_contracts import descriptors
from user_contracts.proto.user.v1 import (
    CreateRequest,
    DeleteRequest,
    HistoryRequest,
    RenameRequest,
    UserCommandsStub,
)

UNKNOWN_ID = "01890000-0000-7000-8000-ffffffffffff"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def clients(users: Users) -> AsyncIterator[Clients]:
    api = Api(http_api.routes(users), grpc_api.UserCommands(users), descriptors())
    async with in_process(api) as (session, channel):
        yield Clients(session, UserCommandsStub(channel))


async def test_both_transports_return_the_same_user(clients: Clients) -> None:
    names = {"first_name": "Zoë", "last_name": "李"}
    _, by_http = await clients.http("POST", "/user", json=names)
    by_grpc = await clients.stub.create(CreateRequest(**names))
    assert (by_grpc.first_name, by_grpc.last_name) == (by_http["first_name"], by_http["last_name"])
    assert by_grpc.created_at.isoformat().replace("+00:00", "Z") == by_http["created_at"]
    assert by_grpc.version == by_http["version"]


async def test_both_transports_return_the_same_history(clients: Clients) -> None:
    user = await clients.stub.create(CreateRequest(first_name="Ann", last_name="Lee"))
    await clients.stub.rename(RenameRequest(id=user.id, first_name="Anna"))
    _, by_http = await clients.http("GET", f"/user/{user.id}/history")
    by_grpc = (await clients.stub.history(HistoryRequest(id=user.id))).events
    by_both = [(e.event_id, e.type, e.version, e.first_name, e.last_name) for e in by_grpc]
    names = ("event_id", "type", "version", "first_name", "last_name")
    assert by_both == [tuple(event[name] for name in names) for event in by_http]


@pytest.mark.parametrize(
    ("http", "grpc", "kind"),
    [
        (("PATCH", "/user/{id}", {"json": {"first_name": "A"}}), RenameRequest, Kind.NOT_FOUND),
        (("DELETE", "/user/{id}", {}), DeleteRequest, Kind.NOT_FOUND),
        (("GET", "/user/{id}/history", {}), HistoryRequest, Kind.NOT_FOUND),
    ],
    ids=["rename", "delete", "history"],
)
async def test_unknown_and_malformed_ids_fail_alike(
    clients: Clients, http: Any, grpc: Any, kind: Kind
) -> None:
    method, path, options = http
    fields = {"first_name": "A"} if grpc is RenameRequest else {}
    for user_id, row in ((UNKNOWN_ID, STATUS_BY_KIND[kind]), ("ann", STATUS_BY_KIND[Kind.INVALID])):
        status, body = await clients.http(method, path.format(id=user_id), **options)
        assert (status, body["title"]) == (row.http, row.title)
        name = grpc.__name__.removesuffix("Request").lower()
        assert (await clients.refused(name, grpc(id=user_id, **fields)))[0] == row.grpc


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x00b", "\u200b", "\u3164", "\u202ea"])
async def test_invalid_names_fail_alike(clients: Clients, name: str) -> None:
    status, body = await clients.http("POST", "/user", json={"first_name": name, "last_name": "L"})
    assert (status, body["errors"][0]["field"]) == (400, "first_name")
    request = CreateRequest(first_name=name, last_name="L")
    assert (await clients.refused("create", request))[0] == "INVALID_ARGUMENT"


async def test_stale_version_fails_alike(clients: Clients) -> None:
    user = await clients.stub.create(CreateRequest(first_name="Ann", last_name="Lee"))
    path, headers = f"/user/{user.id}", {"If-Match": '"7"'}
    assert (await clients.http("DELETE", path, headers=headers))[0] == 412
    request = DeleteRequest(id=user.id, expected_version=7)
    assert (await clients.refused("delete", request))[0] == "FAILED_PRECONDITION"


async def test_reused_key_fails_alike(clients: Clients) -> None:
    ann, bob = {"first_name": "Ann", "last_name": "L"}, {"first_name": "Bob", "last_name": "L"}
    key = {"Idempotency-Key": "k1"}
    status, first = await clients.http("POST", "/user", json=ann, headers=key)
    again = await clients.stub.create(CreateRequest(**ann), metadata={"idempotency-key": "k1"})
    assert (status, again.id) == (201, first["id"])
    assert (await clients.http("POST", "/user", json=bob, headers=key))[0] == 422
    refused = (await clients.refused("create", CreateRequest(**bob), {"idempotency-key": "k1"}))[0]
    assert refused == "INVALID_ARGUMENT"


async def test_first_answer_to_a_key_is_repeated_by_both_transports(clients: Clients) -> None:
    """One transport repeats the result of the other, although the user has changed since."""
    ann = await clients.stub.create(CreateRequest(first_name="Ann", last_name="Lee"))
    path, headers = f"/user/{ann.id}", {"If-Match": '"3"'}
    other: dict[str, Any] = {"first_name": "Other"}
    same = RenameRequest(id=ann.id, first_name="Ann")
    without_last_name: dict[str, Any] = {"first_name": "A"}
    wrong = {"first_name": "\u200b", "last_name": "L"}
    cases = [
        ("same", ("PATCH", path, {"json": {"first_name": "Ann"}}), "rename", same, 200, None),
        (
            "stale",
            ("DELETE", path, {"headers": headers}),
            "delete",
            DeleteRequest(id=ann.id, expected_version=3),
            412,
            "FAILED_PRECONDITION",
        ),
        (
            "unknown",
            ("PATCH", f"/user/{UNKNOWN_ID}", {"json": without_last_name}),
            "rename",
            RenameRequest(id=UNKNOWN_ID, **without_last_name),
            404,
            "NOT_FOUND",
        ),
        (
            "invalid",
            ("POST", "/user", {"json": wrong}),
            "create",
            CreateRequest(**wrong),
            400,
            "INVALID_ARGUMENT",
        ),
    ]
    first = {key: await answered(clients, key, http) for key, http, *_ in cases}
    assert [first[key][0] for key, *_ in cases] == [status for *_, status, _ in cases]
    for number in range(2):  # to version 3, which one of them expects
        await clients.stub.rename(RenameRequest(id=ann.id, first_name=f"Ann {number}"))
    for key, http, method, request, _, status in cases:
        assert await answered(clients, key, http) == first[key]
        metadata = {"idempotency-key": key}
        if status is None:
            assert (await clients.stub.rename(same, metadata=metadata)).version == 1
        else:
            assert (await clients.refused(method, request, metadata))[0] == status
        assert (await answered(clients, key, ("PATCH", path, {"json": other})))[0] == 422
        reused = RenameRequest(id=ann.id, **other)
        assert (await clients.refused("rename", reused, metadata))[0] == "INVALID_ARGUMENT"
    _, history = await clients.http("GET", f"{path}/history")
    assert [event["version"] for event in history] == [1, 2, 3]


async def answered(
    clients: Clients, key: str, http: tuple[str, str, dict[str, Any]]
) -> tuple[int, Any]:
    """Send the request with the key; return the response without its trace id."""
    method, path, options = http
    headers = options.get("headers", {}) | {"Idempotency-Key": key}
    status, body = await clients.http(method, path, **options | {"headers": headers})
    return status, {name: value for name, value in body.items() if name != "trace_id"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"Ann"',
        b'{"first_name": 7, "last_name": "L"}',
        b'{"first_name": null, "last_name": "L"}',
        b'{"first_name": "A"}',
        b'{"first_name": "A", "last_name": "L", "age": 3}',
        b'{"first_name": "\\ud800", "last_name": "L"}',
        b'{"first_name": "\xff", "last_name": "L"}',
    ],
)
async def test_json_errors_return_problems(clients: Clients, body: bytes) -> None:
    status, problem = await clients.http("POST", "/user", data=body, headers=JSON)
    assert (status, problem["type"]) == (400, "urn:problem:invalid")
