"""Listener for HTTP/1.1 connections, the same on every port."""

import asyncio
import socket
from typing import Any, cast

from aiohttp import web

from chassis.http.connection import HttpConnection, Refuse
from chassis.http.request_validation import check
from chassis.limits.connections import Connections


class HttpListener:
    """Accepts an application's connections on a socket.

    refuse: returns the response to a request that never reaches the application.
    """

    def __init__(
        self, app: web.Application, grace: float, refuse: Refuse, connections: Connections
    ) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=grace)
        self._refuse = refuse
        self._connections = connections
        self._accepting: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        """Start to accept connections."""
        await self._runner.setup()
        server = cast("web.Server", self._runner.server)  # created by setup()
        server.request_handler = _checked(
            server.request_handler, self._refuse, self._connections.limits.hosts
        )
        loop = asyncio.get_running_loop()

        def connection() -> HttpConnection:
            return HttpConnection(server, self._refuse, self._connections, loop)

        if sock.family == socket.AF_UNIX:
            self._accepting = await loop.create_unix_server(connection, sock=sock)
        else:
            self._accepting = await loop.create_server(connection, sock=sock, backlog=1024)

    def stop_accepting(self) -> None:
        """Close the listening socket; keep open connections."""
        if self._accepting is not None:
            self._accepting.close()

    def cut(self) -> int:
        """Stop accepting and close all connections at once; return how many there were."""
        self.stop_accepting()
        return self._connections.abort()

    async def close(self) -> None:
        """Close idle connections at once, others when their request has finished."""
        self.stop_accepting()
        await self._runner.cleanup()


def _checked(handle: Any, refuse: Refuse, hosts: frozenset[str] | None) -> Any:
    """Return the application's handler behind the request validation."""

    async def checked(request: web.BaseRequest) -> web.StreamResponse:
        connection = cast("HttpConnection", request.protocol)
        connection.begin(request)
        try:
            check(request, hosts)
            response: web.StreamResponse = await handle(request)
        except Exception as error:  # noqa: BLE001 - raised outside the application's middleware
            response = refuse(error)
        finally:
            connection.handled()
        return response

    return checked
