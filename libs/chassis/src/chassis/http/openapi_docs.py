"""Routes for a service's OpenAPI document and Swagger UI, all served by this process.

The files of Swagger UI are in `swagger_ui`: no CDN, so the page works offline.
"""

import gzip
import hashlib
from functools import cache
from importlib.resources import files

from aiohttp import web

from chassis.auth.authorization import public
from chassis.http.entity_tags import is_known
from chassis.problems import NoSuchRoute

PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/page.js"></script>
</html>
"""
# A separate file: the policy below allows no inline script.
SCRIPT = b"""SwaggerUIBundle({url: "openapi.json", dom_id: "#page", deepLinking: true});
"""
# Swagger UI's pictures are data: URLs; a few of its elements have inline styles.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
PAGE_HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}


class Content:
    """Immutable content, plain and compressed, with an entity tag."""

    def __init__(
        self, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> None:
        self._plain = body
        self._packed = gzip.compress(body, mtime=0)
        self._type = content_type
        self._tag = hashlib.sha256(body).hexdigest()[:16]
        # Weak, since both forms share it.
        tagged = {"ETag": f'W/"{self._tag}"', "X-Content-Type-Options": "nosniff"}
        self._headers = HEADERS | tagged | (headers or {})

    def answer(self, request: web.Request) -> web.Response:
        """Return the content, or 304 if the client has it; raises Invalid as is_known does."""
        if is_known(request, self._tag):
            return web.Response(status=304, headers=self._headers)
        if "gzip" not in request.headers.get("Accept-Encoding", ""):
            return self._response(self._plain, {})
        return self._response(self._packed, {"Content-Encoding": "gzip"})

    def _response(self, body: bytes, headers: dict[str, str]) -> web.Response:
        return web.Response(
            body=body, headers=self._headers | headers, content_type=self._type, charset="utf-8"
        )


def routes(document: bytes) -> list[web.RouteDef]:
    """Return the routes GET /openapi.json (the document) and GET /docs (the page)."""
    served = Content(document, "application/json")
    page = Content(PAGE, "text/html", PAGE_HEADERS)
    assets = _assets()  # at start: reading and compressing takes 60 ms, too long for a request

    @public
    async def openapi(request: web.Request) -> web.Response:
        return served.answer(request)

    @public
    async def docs(request: web.Request) -> web.Response:
        return page.answer(request)

    @public
    async def asset(request: web.Request) -> web.Response:
        found = assets.get(request.match_info["asset"])
        if found is None:
            raise NoSuchRoute("the documentation page has no such file")
        return found.answer(request)

    return [
        web.get("/openapi.json", openapi),
        web.get("/docs", docs),
        web.get("/docs/{asset}", asset),
    ]


@cache
def _assets() -> dict[str, Content]:
    viewer = files("chassis.http") / "swagger_ui"
    script = viewer / "swagger-ui-bundle.js"
    styles = viewer / "swagger-ui.css"
    return {
        "page.js": Content(SCRIPT, "text/javascript"),
        "swagger-ui-bundle.js": Content(script.read_bytes(), "text/javascript"),
        "swagger-ui.css": Content(styles.read_bytes(), "text/css"),
    }
