"""JSON ↔ queries. The bodies are the stored bytes."""

from aiohttp import web
from aiohttp.helpers import ETag

from chassis.http_server import (
    answer,
    next_link,
    read_int,
    read_page,
    read_query,
    welcome,
)
from chassis.paging import invalid
from query_api import __version__
from query_api.application import MAX_VERSION, UserDirectory


def routes(directory: UserDirectory) -> list[web.RouteDef]:
    """The routes of query-api."""

    async def get(request: web.Request) -> web.Response:
        query = read_query(request, "min_version")
        view = await directory.get(
            request.match_info["id"], read_int(query, "min_version", MAX_VERSION)
        )
        headers = {"ETag": f'"{view.version}"'}
        if _is_known(request, str(view.version)):
            return web.Response(status=304, headers=headers)
        return answer(view.json, headers=headers)

    async def list_(request: web.Request) -> web.Response:
        page = read_page(read_query(request, "limit", "cursor"))
        views, cursor = await directory.list(page)
        body = b"[" + b",".join(view.json or b"" for view in views) + b"]"
        return answer(body, headers=next_link(request, cursor))

    return [
        welcome("query-api", __version__),
        web.get("/user", list_),
        web.get("/user/{id}", get),
    ]


def _is_known(request: web.Request, version: str) -> bool:
    """Whether If-None-Match names this version; tags compare weakly (RFC 9110 §13.1.2)."""
    if "If-None-Match" not in request.headers:
        return False
    tags = request.if_none_match
    if not tags:
        raise invalid("If-None-Match", 'must be entity tags, such as "3", or *')
    return any(tag in (ETag(version), ETag(version, is_weak=True), ETag("*")) for tag in tags)
