"""gRPC client of the chaos suite; a channel for each replica."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any, TypeVar

from grpclib.client import Channel
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

from tests.chaos.harness.balancer import Balancer, Replica
from tests.chaos.harness.callers import REJECTIONS, TIMEOUT, Rejected, Seen, Uncertain, from_some
from tests.chaos.verdict.ledger import Request
from tests.support.clients.api_clients import split
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

DRAINING = "draining"  # in the response of a gRPC server that has not started the call
T = TypeVar("T")


class GrpcCaller:
    """Client over gRPC; a channel for each replica."""

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

        async def call(stub: UserCommandsStub) -> Seen:
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

        return await self._request(self._commands, UserCommandsStub, call)

    async def get(self, user: str, min_version: int | None) -> Seen:
        async def call(stub: UserQueriesStub) -> Seen:
            return _message(await stub.get(GetRequest(id=user, min_version=min_version)))

        return await self._request(self._queries, UserQueriesStub, call)

    async def search(self, text: str) -> list[Seen]:
        async def call(stub: UserSearchStub) -> list[Seen]:
            found = await stub.search(SearchRequest(query=text, limit=50))
            return [_message(user) for user in found.users]

        return await self._request(self._search, UserSearchStub, call)

    async def _request(
        self, balancer: Balancer, stub: type[Any], call: Callable[[Any], Awaitable[T]]
    ) -> T:
        async def one(replica: Replica) -> T:
            try:
                answer = await call(stub(self._channels[replica.grpc], timeout=TIMEOUT))
            except GRPCError as error:
                if error.message and DRAINING in error.message:
                    raise ConnectionRefusedError(error.message) from error
                raise
            self.codes["OK"] += 1
            return answer

        try:
            return await from_some(balancer, one, ConnectionRefusedError)
        except GRPCError as error:
            code = error.status.name
            self.codes[code] += 1
            raise (Rejected if code in REJECTIONS else Uncertain)(code) from error
        except (TimeoutError, OSError, StreamTerminatedError, ProtocolError) as error:
            self.codes[f"{type(error).__name__} {stub.__name__}"] += 1
            raise Uncertain(type(error).__name__) from error


def _message(user: Any) -> Seen:
    created_at = user.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Seen(user.id, user.version, created_at, (user.first_name, user.last_name))
