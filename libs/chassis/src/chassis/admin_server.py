"""The operator's door, on its own port: /livez, /readyz, /metrics."""

import asyncio

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.health import Health
from chassis.http_messages import answer
from chassis.listening import listen


class AdminServer:
    """Answers until the very end, so that a draining process can say so: put it first."""

    name = "admin"

    def __init__(self, health: Health, host: str, port: int) -> None:
        self._health = health
        app = web.Application()
        app.add_routes(
            [
                web.get("/livez", self._live),
                web.get("/readyz", self._ready),
                web.get("/metrics", self._metrics),
            ]
        )
        self._socket = listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        self._drained = asyncio.Event()

    async def serve(self) -> None:
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()
        await self._drained.wait()

    async def drain(self) -> None:
        await self._runner.cleanup()
        self._drained.set()

    async def _live(self, _request: web.Request) -> web.Response:
        return answer({"status": "alive"})

    async def _ready(self, _request: web.Request) -> web.Response:
        failures = await self._health.failures()
        status = "not ready" if failures else "ready"
        return answer({"status": status, "failures": failures}, status=503 if failures else 200)

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
