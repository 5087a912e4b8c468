"""JSON ↔ searches."""

from aiohttp import web

from chassis.http import openapi_docs
from chassis.http.server import service_info_route
from projections.http import searches
from projections.searches import TextSearch
from search_api.documents import User
from user_contracts import openapi


def routes(search: TextSearch) -> list[web.RouteDef]:
    """The routes of search-api."""
    return [
        service_info_route("search-api"),
        *openapi_docs.routes(openapi("search-api")),
        *searches.routes(search, "/user", "users:read", User),
    ]
