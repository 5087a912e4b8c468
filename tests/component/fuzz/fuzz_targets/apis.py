"""All three APIs on in-memory stores, as in the demo, with a few users."""

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import command_api.grpc_api
import command_api.http_api
import query_api.grpc_api
import query_api.http_api
import redis_projector.projection
import search_api.grpc_api
import search_api.http_api
import search_projector.projection
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.process.health import Health
from command_api.application import USER, Users
from eventstore.memory import MemoryEventStore
from projections.directory import Directory
from projections.memory.reader import MemoryReader
from projections.memory.text_index import MemoryTextIndex
from projections.queries import ViewQueries
from projections.searches import TextSearch
from user_contracts import descriptors

HOST = "127.0.0.1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [("Ann", "Lee"), ("Zoë", "Žižek"), ("Bo", "Li")]


def user_id(number: int) -> str:
    """Return a constant id."""
    return str(UUID(int=0x0189 << 112 | 0x7000_8000 << 48 | number))


EVENTS: list[dict[str, Any]] = [
    {
        "user_id": user_id(number),
        "event_id": user_id(number),
        "version": 1,
        "type": "UserCreated",
        "first_name": names[0],
        "last_name": names[1],
        "created_at": NOW.isoformat(),
        "occurred_at": NOW.isoformat(),
        "traceparent": None,
    }
    for number, names in enumerate(NAMES)
]


def grpc() -> GrpcServer:
    """Return one server for all three."""
    users, directory, search = _applications()
    services = [
        command_api.grpc_api.UserCommands(users),
        query_api.grpc_api.UserQueries(directory),
        search_api.grpc_api.UserSearch(search),
    ]
    return GrpcServer(services, descriptors(), Health({}), HOST, 0)


def http() -> HttpServer:
    """Return one server for all three; the first route of a path takes precedence."""
    users, directory, search = _applications()
    routes = [
        *command_api.http_api.routes(users),
        *query_api.http_api.routes(directory),
        *search_api.http_api.routes(search),
    ]
    known = {(route.method, route.path): route for route in reversed(routes)}
    return HttpServer(reversed(known.values()), HOST, 0, grace=5)


def _applications() -> tuple[Users, Directory, TextSearch]:
    numbers = itertools.count(100)
    users = Users(USER, MemoryEventStore(USER), lambda: NOW, lambda _: user_id(next(numbers)))
    views = {
        change.key: {"version": b"1", "json": change.json or b"", "proto": change.proto or b""}
        for change in map(redis_projector.projection.project, EVENTS)
    }
    documents = {
        change.key: change.document for change in map(search_projector.projection.project, EVENTS)
    }
    return (
        users,
        Directory("user", ViewQueries(MemoryReader(views), visible_timeout=0)),
        TextSearch(MemoryTextIndex(documents)),
    )
