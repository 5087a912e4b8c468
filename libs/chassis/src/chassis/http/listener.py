"""What accepts HTTP/1.1 connections, the same on every port."""

import asyncio
import socket
from typing import Any

from aiohttp import web

from chassis.http.connection import HttpConnection, Refuse
from chassis.http.request_validation import check
from chassis.limits.connections import Connections


class HttpListener:
    """Accepts an application's connections on a socket.

    `refuse` makes the response to a request that the application never sees.
    """

    def __init__(
        self, app: web.Application, grace: float, refuse: Refuse, connections: Connections
    ) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=grace)
        self._refuse = refuse
        self._connections = connections
        self._accepting: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        """Accept from now on."""
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("aiohttp has made no server")
        server.request_handler = _checked(
            server.request_handler, self._refuse, self._connections.limits.hosts
        )
        loop = asyncio.get_running_loop()
        self._accepting = await loop.create_server(
            lambda: HttpConnection(server, self._refuse, self._connections, loop),
            sock=sock,
            backlog=1024,
        )

    def stop_accepting(self) -> None:
        """Close the listening socket; connections stay."""
        if self._accepting is not None:
            self._accepting.close()

    def cut(self) -> int:
        """Accept nothing more, and close all connections at once; how many there were."""
        self.stop_accepting()
        return self._connections.abort()

    async def close(self) -> None:
        """End idle connections at once, others when their request has ended."""
        self.stop_accepting()
        await self._runner.cleanup()


def _checked(handle: Any, refuse: Refuse, hosts: frozenset[str] | None) -> Any:
    """The application's handler, for requests that are worth its while."""

    async def checked(request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        if not isinstance(connection, HttpConnection):
            raise TypeError("a request of another server")
        connection.begin(request)
        try:
            check(request, hosts)
            response: web.StreamResponse = await handle(request)
        except Exception as error:  # noqa: BLE001 - raised outside of the application's middleware
            response = refuse(error)
        finally:
            connection.handled()
        return response

    return checked
