"""JSON ↔ searches."""

from aiohttp import web

from chassis.auth.authorization import requires_scope
from chassis.http import openapi_docs
from chassis.http.messages import answer, next_link, read_page, read_query
from chassis.http.server import service_info_route
from search_api.application import UserSearch
from user_contracts import openapi


def routes(search: UserSearch) -> list[web.RouteDef]:
    """Return the routes of search-api: the same search by path and by query."""

    @requires_scope("users:read")
    async def by_path(request: web.Request) -> web.Response:
        query = read_query(request, "limit", "cursor")
        users, cursor = await search.search(request.match_info["term"], read_page(query))
        return answer(users, headers=next_link(request.rel_url, cursor))

    @requires_scope("users:read")
    async def by_query(request: web.Request) -> web.Response:
        query = read_query(request, "q", "limit", "cursor")
        users, cursor = await search.search(query.get("q", ""), read_page(query))
        return answer(users, headers=next_link(request.rel_url, cursor))

    return [
        service_info_route("search-api"),
        *openapi_docs.routes(openapi("search-api")),
        web.get("/user/search", by_query),
        web.get(r"/user/search/{term:[\s\S]+}", by_path),  # line breaks are rejected with a reason
    ]
