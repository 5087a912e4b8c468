"""JSON ↔ commands."""

from datetime import datetime

import msgspec
from aiohttp import web

from chassis.auth.authorization import requires_scope
from chassis.http import openapi_docs
from chassis.http.entity_tags import expected_version
from chassis.http.messages import answer, next_link, read_json, read_page, read_query
from chassis.http.server import service_info_route
from command_api.application import Users
from command_api.user import CreateUser, DeleteUser, RenameUser, UserEvent
from user_contracts import openapi


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    first_name: str
    last_name: str


class NewNames(msgspec.Struct, forbid_unknown_fields=True):
    first_name: str | msgspec.UnsetType = msgspec.UNSET
    last_name: str | msgspec.UnsetType = msgspec.UNSET


class User(msgspec.Struct):
    id: str
    first_name: str | None
    last_name: str | None
    created_at: datetime
    version: int


class Event(msgspec.Struct, omit_defaults=True):
    event_id: str
    type: str
    version: int
    occurred_at: datetime
    first_name: str | None = None
    last_name: str | None = None


def routes(users: Users) -> list[web.RouteDef]:
    """Return the routes of command-api."""

    @requires_scope("users:write")
    async def create(request: web.Request) -> web.Response:
        read_query(request)
        body = await read_json(request, NewUser)
        event = await users.execute(CreateUser(body.first_name, body.last_name), _key(request))
        return _user(event, 201, {"Location": f"/user/{event.user_id}"})

    @requires_scope("users:write")
    async def rename(request: web.Request) -> web.Response:
        read_query(request)
        body = await read_json(request, NewNames)
        user_id = request.match_info["id"]
        command = RenameUser(
            user_id, _given(body.first_name), _given(body.last_name), expected_version(request)
        )
        return _user(await users.execute(command, _key(request)))

    @requires_scope("users:write")
    async def delete(request: web.Request) -> web.Response:
        read_query(request)
        command = DeleteUser(request.match_info["id"], expected_version(request))
        event = await users.execute(command, _key(request))
        return web.Response(status=204, headers={"ETag": f'"{event.version}"'})

    @requires_scope("users:history")
    async def history(request: web.Request) -> web.Response:
        page = read_page(read_query(request, "limit", "cursor"))
        events, cursor = await users.history(request.match_info["id"], page)
        return answer(
            [_event(event) for event in events], headers=next_link(request.rel_url, cursor)
        )

    return [
        service_info_route("command-api"),
        *openapi_docs.routes(openapi("command-api")),
        web.post("/user", create),
        web.patch("/user/{id}", rename),
        web.delete("/user/{id}", delete),
        web.get("/user/{id}/history", history),
    ]


def _user(
    event: UserEvent, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    user = User(event.user_id, event.first_name, event.last_name, event.created_at, event.version)
    return answer(user, status, {"ETag": f'"{event.version}"'} | (headers or {}))


def _event(event: UserEvent) -> Event:
    return Event(
        event.event_id,
        event.type,
        event.version,
        event.occurred_at,
        event.first_name,
        event.last_name,
    )


def _given(name: str | msgspec.UnsetType) -> str | None:
    return None if name is msgspec.UNSET else name


def _key(request: web.Request) -> str | None:
    return request.headers.get("Idempotency-Key")
