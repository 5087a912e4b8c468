"""Protobuf ↔ commands."""

from chassis.auth.authorization import requires_scope
from chassis.grpc.server import metadata
from chassis.http.pagination import invalid, page
from command_api.application import Users
from command_api.user import CreateUser, DeleteUser, RenameUser, UserEvent
from user_contracts.proto.user.v1 import (
    CreateRequest,
    DeleteRequest,
    DeleteResponse,
    Event,
    HistoryRequest,
    HistoryResponse,
    RenameRequest,
    User,
    UserCommandsBase,
)


class UserCommands(UserCommandsBase):
    """The service user.v1.UserCommands."""

    def __init__(self, users: Users) -> None:
        self._users = users

    @requires_scope("users:write")
    async def create(self, create_request: CreateRequest) -> User:
        command = CreateUser(create_request.first_name, create_request.last_name)
        return _user(await self._users.execute(command, metadata("idempotency-key")))

    @requires_scope("users:write")
    async def rename(self, rename_request: RenameRequest) -> User:
        command = RenameUser(
            rename_request.id,
            rename_request.first_name,
            rename_request.last_name,
            _expected(rename_request.expected_version),
        )
        return _user(await self._users.execute(command, metadata("idempotency-key")))

    @requires_scope("users:write")
    async def delete(self, delete_request: DeleteRequest) -> DeleteResponse:
        command = DeleteUser(delete_request.id, _expected(delete_request.expected_version))
        event = await self._users.execute(command, metadata("idempotency-key"))
        return DeleteResponse(version=event.version)

    @requires_scope("users:history")
    async def history(self, history_request: HistoryRequest) -> HistoryResponse:
        requested = page(history_request.limit, history_request.cursor)
        events, cursor = await self._users.history(history_request.id, requested)
        return HistoryResponse(events=[_event(e) for e in events], next_cursor=cursor or "")


def _user(event: UserEvent) -> User:
    return User(
        id=event.user_id,
        first_name=event.first_name or "",
        last_name=event.last_name or "",
        created_at=event.created_at,
        version=event.version,
    )


def _event(event: UserEvent) -> Event:
    return Event(
        event_id=event.event_id,
        type=event.type,
        version=event.version,
        occurred_at=event.occurred_at,
        first_name=event.first_name,
        last_name=event.last_name,
    )


def _expected(version: int | None) -> int | None:
    if version is not None and version < 1:
        raise invalid("expected_version", "must be a whole number of at least 1")
    return version
