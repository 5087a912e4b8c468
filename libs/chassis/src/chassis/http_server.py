"""The HTTP door: problems as RFC 9457, who may, limits, measurements, drain."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import msgspec
from aiohttp import web

from chassis import error_log, problems, telemetry, tracing
from chassis.access import ANYBODY, Gate, open_to_all, scope_of
from chassis.http_messages import MAX_BODY, answer
from chassis.in_flight import InFlight
from chassis.listening import listen
from chassis.problems import Problem

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
        self._socket = listen(host, port, backlog=1024, reuse_port=reuse_port)
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


def _explained(error: Exception, request: web.Request) -> web.Response:
    match error:
        case Problem():
            return _problem_response(error)
        case web.HTTPException():
            response = _problem_response(_translated(error))
            if "Allow" in error.headers:  # with 405, RFC 9110 §15.5.6
                response.headers["Allow"] = error.headers["Allow"]
            return response
    error_log.unhandled(error, _route(request))
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
