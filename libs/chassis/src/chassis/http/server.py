"""HTTP server: errors as RFC 9457, authorization, limits, metrics, graceful drain."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib.metadata import version

from aiohttp import web

from chassis.auth.authorization import ALLOW_ALL, Authorizer, public, scope_of
from chassis.http.listener import HttpListener
from chassis.http.messages import MAX_BODY, ClientGone, answer
from chassis.http.problems import ProblemResponse, common_headers, to_response
from chassis.limits.concurrency import current_caller
from chassis.limits.connections import LIMITS, Connections, Limits
from chassis.observability import telemetry
from chassis.observability.telemetry import CLIENT_GONE
from chassis.process.in_flight import InFlight
from chassis.process.listening import listen

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpServer:
    """HTTP server component with graceful drain.

    Drain: the listening socket closes at once, running requests finish, idle connections close.
    aiohttp's own shutdown would abort a request whose body is still arriving.
    """

    name = "http"

    def __init__(
        self,
        routes: Iterable[web.RouteDef],
        host: str,
        port: int,
        grace: float,
        *,
        authorizer: Authorizer = ALLOW_ALL,
        reuse_port: bool = False,
        limits: Limits = LIMITS,
    ) -> None:
        app = web.Application(middlewares=[self._answer], client_max_size=MAX_BODY)
        app.add_routes(routes)
        app.on_response_prepare.append(common_headers)
        self._authorizer = authorizer
        self._socket = listen(host, port, backlog=1024, reuse_port=reuse_port)
        self.port: int = self._socket.getsockname()[1]
        self._connections = Connections("http", limits)
        self._listener = HttpListener(app, grace, _refused, self._connections)
        self._in_flight = InFlight("http")
        self._is_draining = False
        self._drained = asyncio.Event()

    async def serve(self) -> None:
        await self._listener.start(self._socket)
        await self._connections.watch(self._drained)

    def cut(self) -> int:
        """Close the connections of clients that delay shutdown; return how many there were."""
        self._in_flight.cancel()
        return self._listener.cut()

    async def drain(self) -> None:
        self._is_draining = True
        self._listener.stop_accepting()
        await self._in_flight.end()
        await self._listener.close()
        self._drained.set()

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Authorize, handle and measure a request, in one middleware: each costs it 1 µs."""
        allowance: Mapping[str, str] = {}
        with (
            self._in_flight,
            telemetry.Request("http", request.method, _route(request), request.headers) as measured,
        ):
            try:
                allowance = await self._admit(request)
                response = await handler(request)
                measured.status = str(response.status)
            except ClientGone:
                response, measured.status = web.Response(), CLIENT_GONE
            except Exception as error:  # noqa: BLE001 - an unknown error is logged
                response = to_response(error, _route(request))
                measured.status = str(response.status)
        response.headers.update(allowance)
        if self._is_draining:
            response.force_close()
        return response

    async def _admit(self, request: web.Request) -> Mapping[str, str]:
        match, address = request.match_info, request.remote or ""
        # "No such route" is public.
        if self._authorizer is ALLOW_ALL or match.http_exception is not None:
            current_caller.set(address)
            return {}
        return await self._authorizer.admit(
            scope_of(match.handler), request.headers.get("Authorization"), address
        )


def service_info_route(service: str) -> web.RouteDef:
    """Return the route GET /: the name of the service and its installed version."""
    info = {"name": service, "version": version(service)}

    @public
    async def root(_request: web.Request) -> web.Response:
        return answer(info)

    return web.get("/", root)


def _refused(error: Exception) -> ProblemResponse:
    """Return the response to a request that reached no route; count it in the metrics."""
    with telemetry.Request("http", "", "unknown", {}) as request:
        response = to_response(error, "unknown")
        request.status = str(response.status)
    return response


def _route(request: web.Request) -> str:
    """Return the route's template: paths are unbounded, and may hold a user's name."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
