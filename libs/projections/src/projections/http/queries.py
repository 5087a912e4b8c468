"""JSON ↔ queries. The bodies are the stored bytes."""

from aiohttp import web
from yarl import URL

from chassis.auth.authorization import requires_scope
from chassis.batching.coalesced_reads import CoalescedRead
from chassis.http.entity_tags import is_known
from chassis.http.messages import answer, next_link, read_int, read_page, read_query
from chassis.http.pagination import Page
from projections.directory import Directory
from projections.queries import MAX_VERSION


def routes(directory: Directory, path: str, scope: str) -> list[web.RouteDef]:
    """The routes below `path`, such as /user, for callers with this scope."""

    @requires_scope(scope)
    async def get(request: web.Request) -> web.Response:
        query = read_query(request, "min_version")
        view = await directory.get(
            request.match_info["id"], read_int(query, "min_version", MAX_VERSION)
        )
        headers = {"ETag": f'"{view.version}"'}
        if is_known(request, str(view.version)):
            return web.Response(status=304, headers=headers)
        return answer(view.json, headers=headers)

    async def rendered(page: Page) -> tuple[bytes, dict[str, str]]:
        views, cursor = await directory.list(page)
        url = URL.build(path=path, query={"limit": page.limit})
        body = b"[" + b",".join(view.json or b"" for view in views) + b"]"
        return body, next_link(url, cursor)

    pages = CoalescedRead(rendered)

    @requires_scope(scope)
    async def list_(request: web.Request) -> web.Response:
        page = read_page(read_query(request, "limit", "cursor"))
        # A further page is rarely requested twice, so it is not shared and counts for its caller.
        body, headers = await (rendered(page) if page.cursor else pages.get(page))
        return answer(body, headers=headers)

    return [web.get(path, list_), web.get(path + "/{id}", get)]
