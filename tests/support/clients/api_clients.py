"""HTTP and gRPC clients of the running system, with one interface for both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Protocol

import aiohttp
from grpclib.client import Channel
from grpclib.exceptions import GRPCError
from yarl import URL

from local_stack.addresses import Addresses
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
    UserCommandsStub,
    UserQueriesStub,
    UserSearchStub,
)

Answer = dict[str, Any]
TIMEOUT = 15  # seconds; longer than any response of a healthy system


@dataclass
class Refused(Exception):
    """A problem: HTTP status or gRPC status name, and the type if the response has one."""

    status: int | str
    type: str
    detail: str


class ApiClient(Protocol):
    """API calls, by either transport."""

    async def create(self, first: str, last: str, key: str | None = None) -> Answer: ...
    async def rename(
        self, user: str, first: str, expected: int | None = None, key: str | None = None
    ) -> Answer: ...
    async def delete(self, user: str, expected: int | None = None) -> None: ...
    async def history(self, user: str) -> list[Answer]: ...
    async def get(self, user: str, min_version: int | None = None) -> Answer: ...
    async def list_page(
        self, limit: int, cursor: str | None = None
    ) -> tuple[list[Answer], str | None]: ...
    async def search(self, text: str) -> list[Answer]: ...
    async def search_page(
        self, text: str, limit: int, cursor: str | None = None
    ) -> tuple[list[Answer], str | None]: ...


class HttpClient:
    """HTTP client that validates every response against the API's OpenAPI document."""

    def __init__(self, command: str, query: str, search: str) -> None:
        self._command, self._query, self._search = command, query, search
        apis = {command: "command-api", query: "query-api", search: "search-api"}
        self._apis = {URL(address).origin(): api for address, api in apis.items()}
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT))

    async def close(self) -> None:
        await self._session.close()

    async def create(self, first: str, last: str, key: str | None = None) -> Answer:
        names = {"first_name": first, "last_name": last}
        return await self._request(
            "POST", f"{self._command}/user", json=names, headers=_headers(key)
        )

    async def rename(
        self, user: str, first: str, expected: int | None = None, key: str | None = None
    ) -> Answer:
        return await self._request(
            "PATCH",
            f"{self._command}/user/{user}",
            json={"first_name": first},
            headers=_headers(key, expected),
        )

    async def delete(self, user: str, expected: int | None = None) -> None:
        headers = _headers(None, expected)
        await self._request("DELETE", f"{self._command}/user/{user}", headers=headers)

    async def history(self, user: str) -> list[Answer]:
        return await self._request("GET", f"{self._command}/user/{user}/history")

    async def get(self, user: str, min_version: int | None = None) -> Answer:
        params = {} if min_version is None else {"min_version": str(min_version)}
        return await self._request("GET", f"{self._query}/user/{user}", params=params)

    async def list_page(
        self, limit: int, cursor: str | None = None
    ) -> tuple[list[Answer], str | None]:
        return await self._page(f"{self._query}/user", {}, limit, cursor)

    async def search(self, text: str) -> list[Answer]:
        return (await self.search_page(text, 50))[0]

    async def search_page(
        self, text: str, limit: int, cursor: str | None = None
    ) -> tuple[list[Answer], str | None]:
        return await self._page(f"{self._search}/user/search", {"q": text}, limit, cursor)

    async def _page(
        self, url: str, params: dict[str, str], limit: int, cursor: str | None
    ) -> tuple[list[Answer], str | None]:
        params |= {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        async with self._session.get(url, params=params) as response:
            after = response.links.get("next")
            cursor = URL(str(after["url"])).query["cursor"] if after else None
            return await self._content(response), cursor

    async def _request(self, method: str, url: str, **options: Any) -> Any:
        async with self._session.request(method, url, **options) as response:
            return await self._content(response)

    async def _content(self, response: aiohttp.ClientResponse) -> Any:
        await contract.check(self._apis[response.url.origin()], response)
        if response.status >= 400:
            problem = await response.json(content_type="application/problem+json")
            raise Refused(response.status, problem["type"], problem["detail"])
        return await response.json() if response.status != 204 else None


class GrpcClient:
    def __init__(self, command: str, query: str, search: str) -> None:
        self._channels = [Channel(*split(address)) for address in (command, query, search)]
        self._commands = UserCommandsStub(self._channels[0], timeout=TIMEOUT)
        self._queries = UserQueriesStub(self._channels[1], timeout=TIMEOUT)
        self._search = UserSearchStub(self._channels[2], timeout=TIMEOUT)

    async def close(self) -> None:
        for channel in self._channels:
            channel.close()

    async def create(self, first: str, last: str, key: str | None = None) -> Answer:
        request = CreateRequest(first_name=first, last_name=last)
        return _user(await _asked(self._commands.create(request, metadata=_metadata(key))))

    async def rename(
        self, user: str, first: str, expected: int | None = None, key: str | None = None
    ) -> Answer:
        request = RenameRequest(id=user, first_name=first, expected_version=expected)
        return _user(await _asked(self._commands.rename(request, metadata=_metadata(key))))

    async def delete(self, user: str, expected: int | None = None) -> None:
        await _asked(self._commands.delete(DeleteRequest(id=user, expected_version=expected)))

    async def history(self, user: str) -> list[Answer]:
        answer = await _asked(self._commands.history(HistoryRequest(id=user)))
        return [
            {"type": event.type, "version": event.version, "first_name": event.first_name}
            for event in answer.events
        ]

    async def get(self, user: str, min_version: int | None = None) -> Answer:
        return _user(await _asked(self._queries.get(GetRequest(id=user, min_version=min_version))))

    async def list_page(
        self, limit: int, cursor: str | None = None
    ) -> tuple[list[Answer], str | None]:
        answer = await _asked(self._queries.list(ListRequest(limit=limit, cursor=cursor or "")))
        return [_user(user) for user in answer.users], answer.next_cursor or None

    async def search(self, text: str) -> list[Answer]:
        return (await self.search_page(text, 50))[0]

    async def search_page(
        self, text: str, limit: int, cursor: str | None = None
    ) -> tuple[list[Answer], str | None]:
        request = SearchRequest(query=text, limit=limit, cursor=cursor or "")
        answer = await _asked(self._search.search(request))
        return [_user(user) for user in answer.users], answer.next_cursor or None


def event_store_of(stack: Addresses, database: str, user: str) -> dict[str, Any]:
    """Return the settings of an event store, with the database user of its command API."""
    return {
        "mysql_host": stack.mysql_host,
        "mysql_port": stack.mysql_port,
        "mysql_database": database,
        "mysql_user": user,
        "mysql_password": stack.password(user),
    }


def as_root(stack: Addresses) -> dict[str, Any]:
    """Return pymysql's arguments for a connection to the event store as its administrator."""
    return {
        "host": stack.mysql_host,
        "port": stack.mysql_port,
        "user": "root",
        "password": stack.password("root"),
    }


def split(address: str) -> tuple[str, int]:
    """Return the host and the port of host:port."""
    host, port = address.rsplit(":", 1)
    return host, int(port)


async def _asked(call: Any) -> Any:
    try:
        return await call
    except GRPCError as error:
        raise Refused(error.status.name, "", error.message or "") from error


def _user(user: User) -> Answer:
    created_at = user.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {
        "id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "created_at": created_at,
        "version": user.version,
    }


def _headers(key: str | None, expected: int | None = None) -> dict[str, str]:
    headers = {} if key is None else {"Idempotency-Key": key}
    return headers if expected is None else headers | {"If-Match": f'"{expected}"'}


def _metadata(key: str | None) -> Sequence[tuple[str, str]]:
    return [] if key is None else [("idempotency-key", key)]
