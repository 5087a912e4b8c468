"""Callers of the APIs over both transports, with one set of words for what can become of a call."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any, TypeVar

import aiohttp
import contract
from balancer import Balancer, Replica
from doors import split
from grpclib.client import Channel
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError
from ledger import Request

from user_contracts.proto.user.v1 import (
    CreateRequest,
    DeleteRequest,
    GetRequest,
    RenameRequest,
    SearchRequest,
    UserCommandsStub,
    UserQueriesStub,
    UserSearchStub,
)

TIMEOUT = 15.0  # seconds; longer than any of the services' own limits, so who hangs is seen
REJECTIONS = {"400", "404", "409", "412", "422"}
REJECTIONS |= {"INVALID_ARGUMENT", "NOT_FOUND", "ABORTED", "FAILED_PRECONDITION"}
DRAINING = "draining"  # in the answer of a gRPC server that has not begun with a call
T = TypeVar("T")


@dataclass
class Rejected(Exception):
    """The system says no; it has not happened."""

    code: str


@dataclass
class Uncertain(Exception):
    """No answer, or one that tells nothing: it may have happened."""

    code: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A user as an answer tells it."""

    id: str
    version: int
    created_at: str = ""
    names: tuple[str, str] | None = None


class HttpCaller:
    """Each answer is held against the OpenAPI documents, also those of a system in trouble."""

    def __init__(self, commands: Balancer, queries: Balancer, search: Balancer) -> None:
        self._commands, self._queries, self._search = commands, queries, search
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT))
        self.codes: Counter[str] = Counter()

    async def close(self) -> None:
        await self._session.close()

    async def command(self, request: Request) -> Seen:
        """Raises Rejected and Uncertain."""
        headers = {"Idempotency-Key": request.key}
        if request.expected is not None:
            headers["If-Match"] = f'"{request.expected}"'
        names = {"first_name": request.key}
        method, path, body = {
            "create": ("POST", "/user", names | {"last_name": request.last_name}),
            "rename": ("PATCH", f"/user/{request.user}", names),
            "delete": ("DELETE", f"/user/{request.user}", None),
        }[request.command]
        seen: Seen = await self._ask("command-api", method, path, json=body, headers=headers)
        return seen

    async def get(self, user: str, min_version: int | None) -> Seen:
        """Raises Rejected and Uncertain."""
        query = {} if min_version is None else {"min_version": str(min_version)}
        seen: Seen = await self._ask("query-api", "GET", f"/user/{user}", params=query)
        return seen

    async def search(self, text: str) -> list[Seen]:
        """Raises Rejected and Uncertain."""
        found: list[Seen] = await self._ask(
            "search-api", "GET", "/user/search", params={"q": text, "limit": "50"}
        )
        return found

    async def _ask(self, api: str, method: str, path: str, **content: Any) -> Any:
        balancer = {
            "command-api": self._commands,
            "query-api": self._queries,
            "search-api": self._search,
        }[api]

        async def ask(replica: Replica) -> Any:
            async with self._session.request(method, replica.http + path, **content) as response:
                self.codes[str(response.status)] += 1
                await contract.check(api, response)
                return await _http_content(response)

        try:
            return await _some(balancer, ask, aiohttp.ClientConnectorError)
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


def _user(told: dict[str, Any]) -> Seen:
    names = (told["first_name"], told["last_name"])
    return Seen(told["id"], told["version"], told["created_at"], names)


class GrpcCaller:
    """The same over gRPC; a channel for each replica."""

    def __init__(self, commands: Balancer, queries: Balancer, search: Balancer) -> None:
        self._commands, self._queries, self._search = commands, queries, search
        self._channels = {
            one.grpc: Channel(*split(one.grpc))
            for balancer in (commands, queries, search)
            for one in balancer.replicas
        }
        self.codes: Counter[str] = Counter()

    async def close(self) -> None:
        for channel in self._channels.values():
            channel.close()

    async def command(self, request: Request) -> Seen:
        key, user, expected = request.key, request.user or "", request.expected
        metadata = [("idempotency-key", key)]

        async def ask(stub: UserCommandsStub) -> Seen:
            match request.command:
                case "create":
                    create = CreateRequest(first_name=key, last_name=request.last_name or "")
                    return _message(await stub.create(create, metadata=metadata))
                case "rename":
                    rename = RenameRequest(id=user, first_name=key, expected_version=expected)
                    return _message(await stub.rename(rename, metadata=metadata))
                case _:
                    delete = DeleteRequest(id=user, expected_version=expected)
                    return Seen("", (await stub.delete(delete, metadata=metadata)).version)

        return await self._ask(self._commands, UserCommandsStub, ask)

    async def get(self, user: str, min_version: int | None) -> Seen:
        async def ask(stub: UserQueriesStub) -> Seen:
            return _message(await stub.get(GetRequest(id=user, min_version=min_version)))

        return await self._ask(self._queries, UserQueriesStub, ask)

    async def search(self, text: str) -> list[Seen]:
        async def ask(stub: UserSearchStub) -> list[Seen]:
            found = await stub.search(SearchRequest(query=text, limit=50))
            return [_message(user) for user in found.users]

        return await self._ask(self._search, UserSearchStub, ask)

    async def _ask(
        self, balancer: Balancer, stub: type[Any], ask: Callable[[Any], Awaitable[T]]
    ) -> T:
        async def one(replica: Replica) -> T:
            try:
                answer = await ask(stub(self._channels[replica.grpc], timeout=TIMEOUT))
            except GRPCError as error:
                if error.message and DRAINING in error.message:
                    raise ConnectionRefusedError(error.message) from error
                raise
            self.codes["OK"] += 1
            return answer

        try:
            return await _some(balancer, one, ConnectionRefusedError)
        except GRPCError as error:
            code = error.status.name
            self.codes[code] += 1
            raise (Rejected if code in REJECTIONS else Uncertain)(code) from error
        except (TimeoutError, OSError, StreamTerminatedError, ProtocolError) as error:
            self.codes[f"{type(error).__name__} {stub.__name__}"] += 1
            raise Uncertain(type(error).__name__) from error


Caller = HttpCaller | GrpcCaller


def _message(user: Any) -> Seen:
    created_at = user.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Seen(user.id, user.version, created_at, (user.first_name, user.last_name))


async def _some(
    balancer: Balancer, ask: Callable[[Replica], Awaitable[T]], refused: type[Exception]
) -> T:
    """What the first replica answers that does not refuse the connection."""
    *others, last = balancer.order()
    for replica in others:
        try:
            return await ask(replica)
        except refused:
            continue
    return await ask(last)
