"""Protobuf ↔ queries."""

from typing import cast

from chassis.auth.authorization import requires_scope
from projections.directory import Directory
from projections.grpc.queries import StoredMessages
from user_contracts.proto.user.v1 import (
    GetRequest,
    ListRequest,
    ListResponse,
    User,
    UserQueriesBase,
)


class UserQueries(UserQueriesBase):
    """The service user.v1.UserQueries."""

    def __init__(self, directory: Directory) -> None:
        self._stored = StoredMessages(directory, ListResponse)

    @requires_scope("users:read")
    async def get(self, get_request: GetRequest) -> User:
        return cast("User", await self._stored.get(get_request.id, get_request.min_version))

    @requires_scope("users:read")
    async def list(self, list_request: ListRequest) -> ListResponse:
        page = await self._stored.list(list_request.limit, list_request.cursor)
        return cast("ListResponse", page)
