"""Invalid requests get the same problem of the problem table over HTTP and gRPC."""

import gzip
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.exceptions import GRPCError

from chassis.problems import STATUS_BY_KIND, Kind
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import split
from tests.support.schemas import contract
from user_contracts.proto.user.v1 import (
    CreateRequest,
    DeleteRequest,
    GetRequest,
    HistoryRequest,
    ListRequest,
    RenameRequest,
    SearchRequest,
    User,
)

pytestmark = pytest.mark.e2e
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Case:
    """An invalid request over either transport; grpc None: not possible over gRPC."""

    name: str
    kind: Kind
    service: str
    http: tuple[str, str, dict[str, Any]]
    grpc: tuple[str, Any] | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def named(first: Any, last: Any = "Lee") -> dict[str, Any]:
    return {"json": {"first_name": first, "last_name": last}}


def create(name: str, first: Any, kind: Kind = Kind.INVALID) -> Case:
    """Return a create with an invalid first name, over both transports."""
    request = CreateRequest(first_name=first, last_name="Lee")
    return Case(name, kind, "command-api", ("POST", "/user", named(first)), ("Create", request))


def creation(name: str, kind: Kind, **options: Any) -> Case:
    """Return a create that is only possible over HTTP."""
    return Case(name, kind, "command-api", ("POST", "/user", options))


def search(name: str, term: str) -> Case:
    return Case(
        name,
        Kind.INVALID,
        "search-api",
        ("GET", "/user/search", {"params": {"q": term}}),
        ("Search", SearchRequest(query=term)),
    )


def on_user(name: str, kind: Kind, user: str) -> list[Case]:
    path = f"/user/{user}"
    rename = RenameRequest(id=user, first_name="A")
    return [
        Case(
            f"rename {name}",
            kind,
            "command-api",
            ("PATCH", path, {"json": {"first_name": "A"}}),
            ("Rename", rename),
        ),
        Case(
            f"delete {name}",
            kind,
            "command-api",
            ("DELETE", path, {}),
            ("Delete", DeleteRequest(id=user)),
        ),
        Case(
            f"history {name}",
            kind,
            "command-api",
            ("GET", f"{path}/history", {}),
            ("History", HistoryRequest(id=user)),
        ),
        Case(f"get {name}", kind, "query-api", ("GET", path, {}), ("Get", GetRequest(id=user))),
    ]


CASES = [
    create("empty name", ""),
    create("blank name", "  \t "),
    create("name too long", "x" * 101),
    create("control character", "a\x00b"),
    create("escape character", "a\x1b[31mb"),
    create("line break", "a\nb"),
    create("noncharacter", "a\ufdd0"),
    create("zero width space", "\u200b"),
    create("hangul filler", "\u3164"),
    create("braille blank", "\u2800"),
    create("combining mark alone", "\u0301"),
    create("variation selector and tag alone", "\ufe0f\U000e0041"),
    create("bidirectional override left open", "a\u202e"),
    create("huge body", "x" * 100_000, Kind.TOO_LARGE),
    creation("name of a wrong type", Kind.INVALID, **named(7)),
    creation("name null", Kind.INVALID, **named(None)),
    creation("missing name", Kind.INVALID, json={"first_name": "Ann"}),
    creation("unknown field", Kind.INVALID, json={"first_name": "A", "last_name": "B", "age": 3}),
    creation("not an object", Kind.INVALID, json=["A", "B"]),
    creation("broken JSON", Kind.INVALID, data='{"first_name": ', headers=JSON),
    creation("no body", Kind.INVALID, data="", headers=JSON),
    creation("bytes that are no text", Kind.INVALID, data=b'{"first_name":"\xff"}', headers=JSON),
    creation(
        "lone surrogate",
        Kind.INVALID,
        data=r'{"first_name":"\ud800","last_name":"B"}',
        headers=JSON,
    ),
    creation("wrong content type", Kind.UNSUPPORTED_MEDIA_TYPE, data="first_name=Ann"),
    creation(
        "compressed body",
        Kind.UNSUPPORTED_MEDIA_TYPE,
        data=gzip.compress(b'{"first_name":"A","last_name":"B"}'),
        headers=JSON | {"Content-Encoding": "gzip"},
    ),
    creation(
        "compressed body that is none",
        Kind.UNSUPPORTED_MEDIA_TYPE,
        data=b'{"first_name":"A","last_name":"B"}',
        headers=JSON | {"Content-Encoding": "gzip"},
    ),
    creation("form", Kind.UNSUPPORTED_MEDIA_TYPE, data={"first_name": "Ann"}),
    Case(
        "idempotency key too long",
        Kind.INVALID,
        "command-api",
        ("POST", "/user", named("Ann") | {"headers": {"Idempotency-Key": "k" * 300}}),
        ("Create", CreateRequest(first_name="Ann", last_name="Lee")),
        {"idempotency-key": "k" * 300},
    ),
    Case(
        "rename to nothing",
        Kind.INVALID,
        "command-api",
        ("PATCH", f"/user/{UNKNOWN_ID}", {"json": {}}),
        ("Rename", RenameRequest(id=UNKNOWN_ID)),
    ),
    Case(
        "malformed If-Match",
        Kind.INVALID,
        "command-api",
        ("DELETE", f"/user/{UNKNOWN_ID}", {"headers": {"If-Match": "three"}}),
        ("Delete", DeleteRequest(id=UNKNOWN_ID, expected_version=-3)),
    ),
    *on_user("unknown id", Kind.NOT_FOUND, UNKNOWN_ID),
    *on_user("malformed id", Kind.INVALID, "not-an-id"),
    *on_user("hostile id", Kind.INVALID, "users:1:*"),
    Case(
        "bad cursor",
        Kind.INVALID,
        "query-api",
        ("GET", "/user", {"params": {"cursor": "!!"}}),
        ("List", ListRequest(cursor="!!")),
    ),
    Case(
        "limit too high",
        Kind.INVALID,
        "query-api",
        ("GET", "/user", {"params": {"limit": "101"}}),
        ("List", ListRequest(limit=101)),
    ),
    Case(
        "limit negative",
        Kind.INVALID,
        "query-api",
        ("GET", "/user", {"params": {"limit": "-1"}}),
        ("List", ListRequest(limit=-1)),
    ),
    Case(
        "limit no number", Kind.INVALID, "query-api", ("GET", "/user", {"params": {"limit": "ten"}})
    ),
    Case(
        "unknown parameter", Kind.INVALID, "query-api", ("GET", "/user", {"params": {"limt": "5"}})
    ),
    Case(
        "bad search cursor",
        Kind.INVALID,
        "search-api",
        ("GET", "/user/search", {"params": {"q": "a", "cursor": "e30"}}),
        ("Search", SearchRequest(query="a", cursor="e30")),
    ),
    search("empty search", ""),
    search("blank search", "   "),
    search("search too long", "x" * 101),
    search("search with a control character", "a\x00b"),
    Case("no search term", Kind.INVALID, "search-api", ("GET", "/user/search", {})),
    Case("no such route", Kind.NO_SUCH_ROUTE, "query-api", ("GET", "/users", {})),
    Case("wrong method", Kind.METHOD_NOT_ALLOWED, "query-api", ("DELETE", "/user", {})),
]

SERVICES = {
    "command-api": "UserCommands",
    "query-api": "UserQueries",
    "search-api": "UserSearch",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_http_answers_with_the_documented_problem(stack: Addresses, case: Case) -> None:
    method, path, options = case.http
    url = stack.http[case.service] + path
    async with aiohttp.ClientSession() as session, session.request(method, url, **options) as got:
        await contract.check(case.service, got)
        problem = await got.json(content_type="application/problem+json")
    row = STATUS_BY_KIND[case.kind]
    assert (got.status, problem["status"], problem["title"]) == (row.http, row.http, row.title)
    assert problem["type"] == f"urn:problem:{case.kind}"
    assert problem["detail"]
    assert problem["trace_id"]


@pytest.mark.parametrize("case", [c for c in CASES if c.grpc], ids=lambda case: case.name)
async def test_grpc_answers_with_the_same_problem(stack: Addresses, case: Case) -> None:
    assert case.grpc is not None
    method, request = case.grpc
    channel = Channel(*split(stack.grpc[case.service]))
    route = f"/user.v1.{SERVICES[case.service]}/{method}"
    call = UnaryUnaryMethod[Any, User](channel, route, type(request), User)
    try:
        with pytest.raises(GRPCError) as refused:
            await call(request, metadata=case.metadata, timeout=10)
    finally:
        channel.close()
    assert refused.value.status.name == STATUS_BY_KIND[case.kind].grpc
    assert refused.value.message


HOSTILE = [
    "*",
    "a* OR b",
    '"',
    '{"match_all":{}}',
    "\\",
    "' OR 1=1 --",
    "(((",
    "../../_all",
    "%",
    "/",
]


@pytest.mark.parametrize("term", HOSTILE)
async def test_a_hostile_search_term_is_only_a_term(stack: Addresses, term: str) -> None:
    url = f"{stack.http['search-api']}/user/search"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, params={"q": term, "limit": "100"}) as answer,
    ):
        assert answer.status == 200
        found = await answer.json()
    letters = [c for c in term.casefold() if c.isalnum()]
    if not letters:
        assert found == []
