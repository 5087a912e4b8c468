"""JSON ↔ searches: the same search by path and by query."""

from typing import Any

import msgspec
from aiohttp import web

from chassis.auth.authorization import requires_scope
from chassis.http.messages import answer, next_link, read_page, read_query
from projections.searches import TextSearch


def routes(search: TextSearch, path: str, scope: str, found: type[Any]) -> list[web.RouteDef]:
    """The routes below `path`, such as /user, for callers with this scope; found: what is sent."""

    async def respond(request: web.Request, text: str, query: Any) -> web.Response:
        documents, cursor = await search.search(text, read_page(query))
        body = [msgspec.convert(document, found) for document in documents]
        return answer(body, headers=next_link(request.rel_url, cursor))

    @requires_scope(scope)
    async def by_path(request: web.Request) -> web.Response:
        query = read_query(request, "limit", "cursor")
        return await respond(request, request.match_info["term"], query)

    @requires_scope(scope)
    async def by_query(request: web.Request) -> web.Response:
        query = read_query(request, "q", "limit", "cursor")
        return await respond(request, query.get("q", ""), query)

    return [
        web.get(f"{path}/search", by_query),
        web.get(path + r"/search/{term:[\s\S]+}", by_path),  # line breaks are reported as such
    ]
