"""The admin API for operators, on its own port: /livez, /readyz, /metrics."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.http.listener import HttpListener
from chassis.http.messages import answer
from chassis.http.problems import ProblemResponse, common_headers, to_response
from chassis.limits.connections import LIMITS, Connections, Limits
from chassis.observability import tracing
from chassis.problems import NoSuchRoute
from chassis.process.health import Readiness
from chassis.process.listening import listen

Metrics = Callable[[], Awaitable[bytes]]
"""Return the metrics in Prometheus's text format."""


async def _own_metrics() -> bytes:
    return generate_latest()


class AdminServer:
    """Admin server component; list it first, so that it reports while the process drains.

    Its requests are not measured: they would count as the service's own.
    """

    name = "admin"

    def __init__(
        self,
        health: Readiness,
        host: str,
        port: int,
        limits: Limits = LIMITS,
        metrics: Metrics = _own_metrics,
    ) -> None:
        self._health = health
        self._read_metrics = metrics
        app = web.Application(middlewares=[_explained])
        app.on_response_prepare.append(common_headers)
        app.add_routes(
            [
                web.get("/livez", self._live),
                web.get("/readyz", self._ready),
                web.get("/metrics", self._metrics),
            ]
        )
        self._socket = listen(host, port)
        self.port: int = port or self._socket.getsockname()[1]
        self._connections = Connections("admin", limits)
        self._listener = HttpListener(app, 1, _refused, self._connections)
        self._drained = asyncio.Event()

    async def serve(self) -> None:
        await self._listener.start(self._socket)
        await self._connections.watch(self._drained)

    def cut(self) -> int:
        """Close the connections of clients that delay shutdown; return how many there were."""
        return self._listener.cut()

    async def drain(self) -> None:
        await self._listener.close()
        self._drained.set()

    async def _live(self, _request: web.Request) -> web.Response:
        return answer({"status": "alive"})

    async def _ready(self, _request: web.Request) -> web.Response:
        failures = await self._health.failures()
        status = "not ready" if failures else "ready"
        return answer({"status": status, "failures": failures}, status=503 if failures else 200)

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=await self._read_metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


@web.middleware
async def _explained(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _refused(NoSuchRoute("see /livez, /readyz and /metrics"))
    except Exception as error:  # noqa: BLE001 - an unknown error is logged
        return _refused(error)


def _refused(error: Exception) -> ProblemResponse:
    with tracing.server_span("http", "", "unknown", {}):
        return to_response(error, "unknown")
