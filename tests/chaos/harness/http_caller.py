"""HTTP client of the chaos suite."""

from collections import Counter
from typing import Any

import aiohttp

from tests.chaos.harness.balancer import Balancer, Replica
from tests.chaos.harness.callers import REJECTIONS, TIMEOUT, Rejected, Seen, Uncertain, from_some
from tests.chaos.verdict.ledger import Request
from tests.support.schemas import contract


class HttpCaller:
    """Client that validates each response against the OpenAPI documents, also during faults."""

    def __init__(self, commands: Balancer, queries: Balancer, search: Balancer) -> None:
        self._commands, self._queries, self._search = commands, queries, search
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT))
        self.codes: Counter[str] = Counter()

    async def close(self) -> None:
        await self._session.close()

    async def command(self, request: Request) -> Seen:
        headers = {"Idempotency-Key": request.key}
        if request.expected is not None:
            headers["If-Match"] = f'"{request.expected}"'
        names = {"first_name": request.key}
        method, path, body = {
            "create": ("POST", "/user", names | {"last_name": request.last_name}),
            "rename": ("PATCH", f"/user/{request.user}", names),
            "delete": ("DELETE", f"/user/{request.user}", None),
        }[request.command]
        seen: Seen = await self._request("command-api", method, path, json=body, headers=headers)
        return seen

    async def get(self, user: str, min_version: int | None) -> Seen:
        query = {} if min_version is None else {"min_version": str(min_version)}
        seen: Seen = await self._request("query-api", "GET", f"/user/{user}", params=query)
        return seen

    async def search(self, text: str) -> list[Seen]:
        found: list[Seen] = await self._request(
            "search-api", "GET", "/user/search", params={"q": text, "limit": "50"}
        )
        return found

    async def _request(self, api: str, method: str, path: str, **content: Any) -> Any:
        balancer = {
            "command-api": self._commands,
            "query-api": self._queries,
            "search-api": self._search,
        }[api]

        async def call(replica: Replica) -> Any:
            async with self._session.request(method, replica.http + path, **content) as response:
                self.codes[str(response.status)] += 1
                await contract.check(api, response)
                return await _http_content(response)

        try:
            return await from_some(balancer, call, aiohttp.ClientConnectorError)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.codes[f"{type(error).__name__} {api}"] += 1
            raise Uncertain(type(error).__name__) from error


async def _http_content(response: aiohttp.ClientResponse) -> Any:
    code = str(response.status)
    if code in REJECTIONS:
        raise Rejected(code)
    if response.status >= 400:
        raise Uncertain(code)
    if response.status == 204:
        return Seen("", int(response.headers["ETag"].strip('"')))
    content = await response.json()
    return [_user(one) for one in content] if isinstance(content, list) else _user(content)


def _user(body: dict[str, Any]) -> Seen:
    names = (body["first_name"], body["last_name"])
    return Seen(body["id"], body["version"], body["created_at"], names)
