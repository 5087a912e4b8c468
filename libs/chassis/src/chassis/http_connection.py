"""Connections of HTTP/1.1 clients: what aiohttp does by itself, done as the rest of an API does.

aiohttp responds to what is not HTTP before any application is asked: in plain text, with its
version, and with a traceback in the log that quotes the request. Here it is a problem document, and
nothing is logged: it is the client's mistake.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from chassis.http_messages import BrokenBody
from chassis.http_problems import ProblemResponse
from chassis.http_rules import check
from chassis.problems import Invalid, Problem

MAX_LINE = 8190  # bytes of the request line, and of a header
log = structlog.get_logger()
Refuse = Callable[[Exception], ProblemResponse]


class HttpListener:
    """Accepts an application's connections on a socket.

    `refuse` makes the response to a request that the application never sees.
    """

    def __init__(self, app: web.Application, grace: float, refuse: Refuse) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=grace)
        self._refuse = refuse
        self._accepting: asyncio.Server | None = None

    async def start(self, sock: Any) -> None:
        """Accept from now on."""
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("aiohttp has made no server")
        server.request_handler = _checked(server.request_handler, self._refuse)
        loop = asyncio.get_running_loop()
        self._accepting = await loop.create_server(
            lambda: HttpConnection(server, self._refuse, loop), sock=sock, backlog=1024
        )

    def stop_accepting(self) -> None:
        """Close the listening socket; connections stay."""
        if self._accepting is not None:
            self._accepting.close()

    async def close(self) -> None:
        """End idle connections at once, others when their request has ended."""
        self.stop_accepting()
        await self._runner.cleanup()


class HttpConnection(web.RequestHandler):
    """A connection."""

    def __init__(self, server: web.Server, refuse: Refuse, loop: asyncio.AbstractEventLoop) -> None:
        # Bodies arrive as they were sent: inflating them is no business of a parser.
        options: Any = {"access_log": None, "auto_decompress": False}
        super().__init__(server, loop=loop, **options)
        self._refuse = refuse
        self._reading: web.BaseRequest | None = None
        self._is_broken = False

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001 - aiohttp's parser: an IndexError for http://x:1@/, say
            self._is_broken = True
            self._end_with(Invalid("the request is not valid HTTP/1.1"))
        if self._messages and not isinstance(self._messages[-1][0], RawRequestMessage):
            self._is_broken = True
            self._break_body()

    def begin(self, request: web.BaseRequest) -> None:
        """A request is about to be handled."""
        self._reading = request
        if self._is_broken:
            self._break_body()

    def end(self) -> None:
        """The request was handled."""
        self._reading = None

    def _end_with(self, problem: Problem) -> None:
        """Respond unless a request is being handled, and take no more."""
        if self._reading is not None or self._messages:
            self._break_body()
            self.close()
        elif self.transport is not None:
            self.transport.write(self._refuse(problem).as_bytes())
            self.force_close()

    def _break_body(self) -> None:
        """Fail the request whose body is not complete: aiohttp would wait for the rest of it."""
        if self._reading is not None and not self._reading.content.is_eof():
            self._reading.content.set_exception(BrokenBody())

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The response to what is not HTTP, or to a bug outside of the application's handlers."""
        if request.writer.output_size > 0:
            raise ConnectionError("part of a response is sent already")
        response = self._refuse(_mistake(exc) or RuntimeError(f"status {status}"))
        response.force_close()
        return response

    def log_exception(self, *_: Any, **found: Any) -> None:
        """Log a bug by its class; its text may quote the request. A broken body is none."""
        error = found.get("exc_info")
        if not isinstance(error, BrokenBody):
            log.error("unhandled", route="unknown", error=type(error).__name__)


def _mistake(error: BaseException | None) -> Exception | None:
    """What is wrong with the request, without a word of it; else the error itself."""
    match error:
        case LineTooLong():
            return Invalid(f"the request line or a header has over {MAX_LINE} bytes")
        case HttpProcessingError():
            return Invalid("the request is not valid HTTP/1.1")
    return error if isinstance(error, Exception) else None


def _checked(handle: Any, refuse: Refuse) -> Any:
    """The application's handler, for requests that are worth its while."""

    async def checked(request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        if not isinstance(connection, HttpConnection):
            raise TypeError("a request of another server")
        connection.begin(request)
        try:
            check(request)
            response: web.StreamResponse = await handle(request)
        except Exception as error:  # noqa: BLE001 - raised outside of the application's middleware
            response = refuse(error)
        finally:
            connection.end()
        return response

    return checked
