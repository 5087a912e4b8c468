"""Untrusted text stays data: in OpenSearch's queries, Redis's keys, and log lines."""

import contextlib
import json
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from redis.asyncio import Redis
from yarl import URL

from chassis.http.pagination import encode_cursor
from chassis.testing import eventually
from local_stack.addresses import APIS, Addresses
from tests.support.clients.api_clients import Answer, ApiClient, Refused

pytestmark = pytest.mark.e2e
# Texts with a meaning for a query parser, a script, or a JSON parser.
QUERIES = [
    "*",
    "?",
    "*:*",
    "_exists_:full_name",
    "full_name:/.*/",
    "/.*/",
    "a* OR b*",
    "NOT zzz",
    "deleted:false",
    "[* TO *]",
    '{"match_all":{}}',
    '"}}]}},"query":{"match_all":{}},"x":"',
    "' OR '1'='1",
    "${jndi:ldap://127.0.0.1/a}",
    "ctx._source.clear()",
    "a" * 40 + "*~~~~",
]
KEYS = [
    "*",
    "users:generation",
    "{users:generation}:operator",
    "1:{019abc}",
    "../../0/get/x",
    "x\r\nFLUSHALL\r\n",
    "019ABCDE-0000-7000-8000-000000000000}:{x",
    "x\x00y",
    "[a-z]*",
]


def refused(error: Refused) -> bool:
    return error.status in (400, 404, "INVALID_ARGUMENT", "NOT_FOUND")


async def found(api: ApiClient, text: str) -> list[Answer]:
    """Return the users that a search finds; a rejected one finds none."""
    try:
        return await api.search(text)
    except Refused as error:
        assert refused(error), text
        return []


async def test_search_treats_query_syntax_as_text(api: ApiClient) -> None:
    first = f"Q{token_hex(6)}"
    user = await api.create(first, "Injected")

    async def is_found() -> None:
        assert [one["id"] for one in await api.search(first)] == [user["id"]]

    await eventually(is_found, within=30)
    for text in QUERIES:
        assert user["id"] not in [one["id"] for one in await found(api, text)], text


async def view(stack: Addresses) -> dict[Any, Any]:
    """Return the keys that are not users: generations, the serving one, directives."""
    async with Redis.from_url(stack.redis_url) as redis:
        return {key: await redis.dump(key) for key in await redis.keys("users:*generation*")}


@pytest.mark.parametrize("text", KEYS)
async def test_id_cannot_address_another_redis_key(
    stack: Addresses, grpc: ApiClient, text: str
) -> None:
    before = await view(stack)
    calls: list[Any] = [
        lambda: grpc.get(text),
        lambda: grpc.list_page(10, encode_cursor(text)),
        lambda: grpc.list_page(10, text),
        lambda: grpc.rename(text, "Ann"),
    ]
    for call in calls:
        with pytest.raises(Refused) as rejected:
            await call()
        assert refused(rejected.value), text
    assert await view(stack) == before


@pytest.mark.parametrize("text", KEYS)
async def test_id_in_a_path_cannot_address_another_redis_key(stack: Addresses, text: str) -> None:
    before = await view(stack)
    users, one = f"{stack.http['query-api']}/user", quote(text, safe="")
    cursors = (quote(encode_cursor(text), safe=""), one)
    async with aiohttp.ClientSession() as session:
        for url in (f"{users}/{one}", *(f"{users}?cursor={cursor}" for cursor in cursors)):
            async with session.get(URL(url, encoded=True)) as response:
                assert response.status in (400, 404), url
    assert await view(stack) == before


def forged(marker: str) -> str:
    """Return a fake log line, with escape sequences for a terminal."""
    return f'{marker}\r\n{{"event": "started", "level": "{marker}"}}\n\x1b[2J{marker}'


def logs(stack: Addresses) -> list[str]:
    """Return the log lines of the APIs."""
    return [(Path(stack.home) / "log" / f"{service}.log").read_text() for service in APIS]


async def test_client_cannot_inject_log_lines(stack: Addresses, api: ApiClient) -> None:
    marker = f"L{token_hex(8)}"
    text = forged(marker)
    before = logs(stack)
    calls: list[Any] = [
        lambda: api.create(text, text),
        lambda: api.create("Ann", "Lee", key=marker + "\t" * 300),
        lambda: api.get(text),
        lambda: api.search(text),
        lambda: api.list_page(10, text),
    ]
    for call in calls:
        # The response itself is covered by other tests, as is the contract.
        with contextlib.suppress(Refused, ValueError, aiohttp.ClientError, AssertionError):
            await call()
    async with aiohttp.ClientSession() as session:
        for service in APIS:
            headers = {"traceparent": marker, "User-Agent": marker, "X-Forwarded-For": marker}
            url = f"{stack.http[service]}/{marker}"
            async with session.get(url, params={"x": text}, headers=headers) as response:
                assert response.status == 404
    after = logs(stack)
    assert marker not in "".join(after)
    for old, new in zip(before, after, strict=True):
        assert new.startswith(old)
        for line in new[len(old) :].splitlines():
            assert json.loads(line)["service"] in APIS
