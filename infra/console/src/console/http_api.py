"""HTTP API: the page, the proxied APIs, and the status as server-sent events."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

from aiohttp import web

from chassis.http.messages import read_body
from chassis.limits.concurrency import ConcurrencyLimit
from console.apis import Api
from console.commands import Commands
from console.streaming import streamed
from console.subscribers import Subscribers

PAGE = Path(__file__).parent / "page"
FILES = {
    "index.html": "text/html; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
# The page loads nothing from other origins, and no text can become markup or script in it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
RETRY = 2000  # milliseconds until a page whose stream has ended reconnects
MAX_READS = 64  # concurrent reads of an API; at most half of them from one client
HEARTBEAT = 15.0  # seconds without figures, after which a comment keeps the connection alive
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(
    commands: Commands, query: Api, search: Api, subscribers: Subscribers
) -> list[web.RouteDef]:
    """Return the routes of the page, and those of the APIs that it needs."""

    async def figures(request: web.Request) -> web.StreamResponse:
        with subscribers.page():
            return await streamed(request, "text/event-stream", _figures(subscribers))

    return [
        web.get("/", _file("index.html")),
        web.get("/console.css", _file("console.css")),
        web.get("/console.js", _file("console.js")),
        web.get("/icon.svg", _file("icon.svg")),
        web.get("/figures", figures),
        web.post("/user", commands.handle),
        web.patch("/user/{id}", commands.handle),
        web.delete("/user/{id}", commands.handle),
        web.get("/user", _passed_on(query)),
        web.get("/user/search", _passed_on(search)),
    ]


def _file(name: str) -> Handler:
    headers = {"Content-Type": FILES[name], **HEADERS}

    async def handle(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / name, headers=headers)

    return handle


def _passed_on(api: Api) -> Handler:
    limit = ConcurrencyLimit(f"reads of {api.name}", MAX_READS)

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await read_body(request)  # before a slot is taken: the body may arrive slowly
        with limit.slot_at_once():
            return (await api.forward(request, body)).response()

    return handle


async def _figures(subscribers: Subscribers) -> AsyncGenerator[bytes, None]:
    yield f"retry: {RETRY}\n\n".encode()
    number = 0
    while not subscribers.closed.is_set():
        number, figures = await subscribers.after(number, HEARTBEAT)
        yield b"event: figures\ndata: " + figures + b"\n\n" if figures else b": still here\n\n"
