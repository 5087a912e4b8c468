"""JSON ↔ queries."""

from aiohttp import web

from chassis.http import openapi_docs
from chassis.http.server import service_info_route
from projections.directory import Directory
from projections.http import queries
from user_contracts import openapi


def routes(directory: Directory) -> list[web.RouteDef]:
    """The routes of query-api."""
    return [
        service_info_route("query-api"),
        *openapi_docs.routes(openapi("query-api")),
        *queries.routes(directory, "/user", "users:read"),
    ]
