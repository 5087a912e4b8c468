"""The HTTP door: problems as RFC 9457, who may, limits, measurements, drain."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

import msgspec
import structlog
from aiohttp import web
from aiohttp.helpers import ETag
from multidict import MultiMapping
from yarl import URL

from chassis import paging, problems, telemetry, tracing
from chassis.access import ANYBODY, Gate, open_to_all, scope_of
from chassis.in_flight import InFlight
from chassis.problems import Problem

MAX_BODY = 64 * 1024  # bytes; a user with two names of 100 four-byte characters takes under 1 kB
BODY_WITHIN = 10.0  # seconds for a body to arrive; a phone on a bad line needs one
log = structlog.get_logger()
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpServer:
    """Routes behind the middlewares, as a component.

    Drain: the listening socket closes at once, running requests finish, idle connections end.
    aiohttp's own shutdown would cut off a request whose body is still on its way.
    """

    name = "http"

    def __init__(
        self,
        routes: Iterable[web.RouteDef],
        host: str,
        port: int,
        grace: float,
        *,
        gate: Gate = ANYBODY,
        reuse_port: bool = False,
    ) -> None:
        app = web.Application(middlewares=[self._answer], client_max_size=MAX_BODY)
        app.add_routes(routes)
        app.on_response_prepare.append(_head)
        self._gate = gate
        self._socket = socket.create_server((host, port), backlog=1024, reuse_port=reuse_port)
        self.port: int = self._socket.getsockname()[1]
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=grace)
        self._in_flight = InFlight("http")
        self._is_draining = False
        self._drained = asyncio.Event()

    async def serve(self) -> None:
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()
        await self._drained.wait()

    async def drain(self) -> None:
        self._is_draining = True
        for site in self._runner.sites.copy():
            await site.stop()
        await self._in_flight.end()
        await self._runner.cleanup()
        self._drained.set()

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The whole way of a request. One middleware: each more costs every request 1 µs."""
        allowance: Mapping[str, str] = {}
        with (
            self._in_flight,
            telemetry.Request("http", request.method, _route(request), request.headers) as told,
        ):
            try:
                allowance = await self._admit(request)
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 - one that is not known is logged
                response = _explained(error, request)
            told.status = str(response.status)
        response.headers.update(allowance)
        if self._is_draining:
            response.force_close()
        return response

    async def _admit(self, request: web.Request) -> Mapping[str, str]:
        match = request.match_info
        # That there is no such route may be told to everybody.
        if self._gate is ANYBODY or match.http_exception is not None:
            return {}
        return await self._gate.admit(
            scope_of(match.handler), request.headers.get("Authorization"), request.remote or ""
        )


def welcome(service: str, version: str) -> web.RouteDef:
    """GET /: who answers here."""

    @open_to_all
    async def root(_request: web.Request) -> web.Response:
        return answer({"name": service, "version": version})

    return web.get("/", root)


def answer(
    content: object, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """Content as JSON; bytes are taken as JSON already."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


async def read_json(request: web.Request, shape: type[T]) -> T:
    """The body as the given msgspec type.

    Raises UnsupportedMediaType, TooLarge (over MAX_BODY bytes), TooSlow (over BODY_WITHIN seconds)
    and Invalid: not JSON, an unknown field, a wrong type.
    """
    if request.content_type != "application/json":
        raise problems.UnsupportedMediaType("send the body as application/json")
    try:
        async with asyncio.timeout(BODY_WITHIN):
            body = await request.read()
        return msgspec.json.decode(body, type=shape)
    except TimeoutError as error:
        raise problems.TooSlow(f"the body must arrive within {BODY_WITHIN:.0f} s") from error
    except msgspec.ValidationError as error:
        raise problems.Invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise problems.Invalid(f"the body is not JSON: {error}") from error


def read_query(request: web.Request, *allowed: str) -> MultiMapping[str]:
    """The query parameters; raises Invalid for one that the route does not have, or given twice."""
    for name in request.query:
        if name not in allowed:
            raise paging.invalid(name, "is not a parameter of this route")
        if len(request.query.getall(name)) > 1:
            raise paging.invalid(name, "is given twice")
    return request.query


def read_int(query: MultiMapping[str], name: str, highest: int) -> int | None:
    """A whole number from 1 to highest; None when absent; raises Invalid."""
    text = query.get(name)
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    if not is_number or not 1 <= int(text) <= highest:
        raise paging.invalid(name, f"must be a whole number from 1 to {highest}")
    return int(text)


def read_page(query: MultiMapping[str]) -> paging.Page:
    """The parameters limit and cursor; raises Invalid."""
    return paging.page(read_int(query, "limit", paging.MAX_LIMIT), query.get("cursor"))


def next_link(url: URL, cursor: str | None) -> dict[str, str]:
    """The header Link: rel="next" (RFC 8288) of a page at this URL, when there is a next one."""
    if cursor is None:
        return {}
    return {"Link": f'<{url.update_query(cursor=cursor)}>; rel="next"'}


def is_known(request: web.Request, tag: str) -> bool:
    """Whether If-None-Match names this entity tag; tags compare weakly (RFC 9110 §13.1.2).

    Raises Invalid for a header in another form.
    """
    if "If-None-Match" not in request.headers:
        return False
    tags = request.if_none_match
    if not tags:
        raise paging.invalid("If-None-Match", 'must be entity tags, such as "3", or *')
    return any(known in (ETag(tag), ETag(tag, is_weak=True), ETag("*")) for known in tags)


def _explained(error: Exception, request: web.Request) -> web.Response:
    match error:
        case Problem():
            return _problem_response(error)
        case web.HTTPException():
            response = _problem_response(_translated(error))
            if "Allow" in error.headers:  # with 405, RFC 9110 §15.5.6
                response.headers["Allow"] = error.headers["Allow"]
            return response
    log.error("unhandled", route=_route(request), error=str(error), exc_info=error)
    return _problem_response(problems.Internal("the trace id finds it in our logs"))


async def _head(_request: web.Request, response: web.StreamResponse) -> None:
    """What every answer has, and none: the versions of what answers are nobody's business."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.pop("Server", None)


def _route(request: web.Request) -> str:
    """The route's template: a path may hold a name, and has no end of values."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


def _translated(error: web.HTTPException) -> Problem:
    match error:
        case web.HTTPRequestEntityTooLarge():
            return problems.TooLarge(f"the body may have {MAX_BODY} bytes")
        case web.HTTPMethodNotAllowed():
            return problems.MethodNotAllowed(f"use {' or '.join(sorted(error.allowed_methods))}")
        case web.HTTPNotFound():
            return problems.NoSuchRoute("see GET / for what answers here")
        case _:
            return problems.Invalid(error.reason)


def _problem_response(problem: Problem) -> web.Response:
    told: dict[str, object] = {
        "type": f"urn:problem:{problem.kind}",
        "title": problem.answer.title,
        "status": problem.answer.http,
        "detail": problem.told,
    }
    if problem.errors:
        told["errors"] = problem.errors
    if (trace_id := tracing.trace_id()) is not None:
        told["trace_id"] = trace_id
    return web.Response(
        body=msgspec.json.encode(told),
        status=problem.answer.http,
        headers=problem.headers,
        content_type="application/problem+json",
    )
