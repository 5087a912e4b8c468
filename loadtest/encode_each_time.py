"""Benchmark server: query-api's List over gRPC, which encodes each message. See grpc_reads.py.

The same server, settings and view; each user's message is prepared, so that only its encoding is
compared. Started with query-api's environment.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from chassis.auth.authorization import requires_scope
from chassis.grpc.server import GrpcServer
from chassis.http.pagination import page
from chassis.process.components import Process
from chassis.process.health import Health
from chassis.process.lifecycle import launch
from chassis.stores.redis import client
from projections.directory import Directory
from projections.queries import ViewQueries
from projections.reader import BatchingReader
from projections.redis.layout import RedisLayout
from projections.redis.reader import RedisReader
from query_api.settings import Settings
from user_contracts import descriptors
from user_contracts.proto.user.v1 import ListRequest, ListResponse, User, UserQueriesBase


class Anew(UserQueriesBase):
    """Lists users from prepared messages."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._ready: dict[bytes, User] = {}

    @requires_scope("users:read")
    async def list(self, list_request: ListRequest) -> ListResponse:
        views, cursor = await self._directory.list(page(list_request.limit, list_request.cursor))
        users = [self._message(view.proto or b"") for view in views]
        return ListResponse(users=users, next_cursor=cursor or "")

    def _message(self, proto: bytes) -> User:
        if proto not in self._ready:
            self._ready[proto] = User().parse(proto)
        return self._ready[proto]


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Run the gRPC server only."""
    connected = client(settings, settings.redis_pool, settings.redis_timeout, reply_timeout=None)
    async with aclosing(connected) as redis:
        views = RedisReader(
            redis, RedisLayout("users"), settings.redis_timeout, settings.redis_pool
        )
        directory = Directory("user", ViewQueries(BatchingReader(views), settings.visible_timeout))
        health = Health({})
        server = GrpcServer(
            [Anew(directory)], descriptors(), health, settings.host, settings.grpc_port
        )
        yield Process([server], health)


if __name__ == "__main__":
    launch("encode-each-time", Settings, wire)
