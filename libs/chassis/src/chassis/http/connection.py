"""Connections of HTTP/1.1 clients, with problem documents for malformed requests, and limits.

aiohttp responds to malformed HTTP before it calls the application: in plain text, with its version,
and with a traceback in the log that quotes the request. Here the response is a problem document,
and nothing is logged, since it is a client error.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import EMPTY_PAYLOAD, StreamReader, web
from aiohttp.http import RawRequestMessage

from chassis.http.input_memory import MAX_ENTRIES
from chassis.http.messages import BrokenBody
from chassis.http.parser_errors import client_mistake, drop_frames, no_route_error
from chassis.http.problems import ProblemResponse
from chassis.http.received_requests import MAX_HEADERS, Excess, ReceivedRequests
from chassis.limits import client_memory
from chassis.limits.client_memory import HTTP1_CONNECTION, STEP, Holder
from chassis.limits.connections import Connections, address_of
from chassis.problems import Invalid, Problem, TooSlow, Unavailable

TURN = 16 * 1024  # bytes read in a turn of the event loop, so that other clients get turns
log = structlog.get_logger()
Refuse = Callable[[Exception], ProblemResponse]


class HttpConnection(web.RequestHandler):
    """A connection; `waiting_since` is None while a request is handled."""

    address: str
    counted = bound = 0
    waiting_since: float | None

    def __init__(
        self,
        server: web.Server,
        refuse: Refuse,
        connections: Connections,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        # The parser must not decompress bodies.
        options: Any = {"access_log": None, "auto_decompress": False, "max_headers": MAX_ENTRIES}
        idle = connections.limits.idle_timeout
        super().__init__(server, loop=loop, keepalive_timeout=idle, **options)
        self._refuse = refuse
        self._connections = connections
        self._accepted: asyncio.Transport | None = None
        self._reading: web.BaseRequest | None = None
        self._received = ReceivedRequests(self._messages)
        self._begun: StreamReader = EMPTY_PAYLOAD  # of the last handled request
        self._is_broken = False
        self._has_begun = False
        self._behind = b""  # input for later turns of the event loop
        self._turn: asyncio.Handle | None = None
        self._is_lost = False
        self._deadline = self.waiting_since = loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.address = address_of(transport)
        self._accepted = self.transport  # aiohttp drops it as soon as it starts to close
        self._wait(self._connections.limits.header_timeout)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.remove(self)
        self._behind = b""
        super().connection_lost(exc)
        # aiohttp would wait 10 s for the rest of a body whose request has been answered.
        self._begun.feed_eof()
        self._begun = EMPTY_PAYLOAD  # others refer to this connection
        self._is_lost = True
        self._forget()

    def data_received(self, data: bytes) -> None:
        if self.waiting_since is not None and not self._has_begun:
            self._has_begun = True
            limit = self._loop.time() + self._connections.limits.header_timeout
            self._deadline = min(self._deadline, limit)
        self._behind += data
        if self._turn is None:
            self._take()
        client_memory.OF_PROCESS.count(self)

    def _take(self) -> None:
        """Parse a bounded amount in each turn of the event loop, and pause reading until then.

        aiohttp uses the same flag to pause for its own queue of requests, and the other one for an
        unread body; it calls data_received(b"") when the body is read.
        """
        self._turn = None
        part, self._behind = self._behind[:TURN], self._behind[TURN:]
        self._parse(part)
        if self._behind:
            self._pause_reading_for_buffer()
            self._turn = None if self._reading_paused else self._loop.call_soon(self._take)
        elif self._buffer_paused and len(self._messages) < self._max_msg_queue_size:
            self._resume_reading_for_buffer()

    def _parse(self, data: bytes) -> None:
        mark = self._received.mark()
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001 - aiohttp's parser: an IndexError for http://x:1@/
            self._is_broken = True
            self._end_with(Invalid("the request is not valid HTTP/1.1"))
        if self._has_mistake():
            self._is_broken = True
            self._break_body()
        is_paused = self._reading_paused or len(self._messages) >= self._max_msg_queue_size
        self._bound(self._received.add(data, mark, is_paused=is_paused))

    def _bound(self, excess: Excess | None) -> None:
        if excess is Excess.FRAMING:
            self._is_broken = True
            self._break_body()
            self.close()
        elif excess is Excess.HEADERS:
            self._end_with(Invalid(f"the headers may be at most {MAX_HEADERS} bytes"))

    def _has_mistake(self) -> bool:
        """Whether the newest message is malformed; drops the frames of its stored error."""
        if not self._messages or isinstance(self._messages[-1][0], RawRequestMessage):
            return False
        drop_frames(self._messages[-1][0].exc)
        return True

    def begin(self, request: web.BaseRequest) -> None:
        """Start handling a request."""
        self._reading = request
        self._begun = request.content
        self._received.begin()
        self.waiting_since = None
        if self._is_broken:
            self._break_body()

    def handled(self) -> None:
        """Finish handling a request; the client may read its response, and send the next one."""
        if self._reading is not None:
            drop_frames(self._reading.content.exception())
            drop_frames(no_route_error(self._reading))
        self._reading = None
        self._received.end()
        self._wait(self._connections.limits.idle_timeout)
        self._forget()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response, or as much as the client reads now.

        aiohttp also parses input after a request for another protocol here. From CPython 3.12 on it
        starts handlers eagerly, and would handle all pipelined requests in one turn.
        """
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._has_mistake()
            if self._messages:
                await asyncio.sleep(0)
            if self._accepted is not None and self._accepted.get_write_buffer_size() > STEP:
                client_memory.OF_PROCESS.count(self)

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - aiohttp's
        """Parse what the parser kept while it was paused, and read on.

        aiohttp calls this for each part of a body that is read. Nothing is kept unless reading was
        paused; to parse nothing costs a create 5 % of its CPU.
        """
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    def pause_writing(self) -> None:
        super().pause_writing()
        client_memory.OF_PROCESS.count(self)

    @property
    def holder(self) -> Holder:
        return self

    def held(self) -> int:
        """Bytes of memory."""
        held = HTTP1_CONNECTION + len(self._behind)
        if self._accepted is not None:
            held += self._accepted.get_write_buffer_size()
        handled = None if self._reading is None else self._reading.content
        return held + self._received.held(handled)

    def give_up(self) -> None:
        """Close; a client that waits for a response gets 503."""
        if self.transport is not None and self._is_waited_for(self.transport):
            problem = Unavailable("the client's requests hold too much memory")
            self.transport.write(self._refuse(problem).as_bytes())
        self.force_close()
        if self._reading is not None:
            self._reading.task.cancel()
        self._loop.call_soon(self.abort)  # after a turn to send the last bytes

    def _is_waited_for(self, transport: asyncio.Transport) -> bool:
        """Whether a request has started, and no part of its response was sent."""
        if self._reading is not None:
            return self._reading.writer.output_size == 0
        return self._has_begun and not transport.get_write_buffer_size()

    def _forget(self) -> None:
        if self._is_lost and self._reading is None:
            self._received.forget()
            client_memory.OF_PROCESS.remove(self)

    def is_overdue(self, now: float) -> bool:
        return self.waiting_since is not None and now >= self._deadline

    def end(self) -> None:
        """Close; a client that has started a request gets 408 (RFC 9110 §15.5.9)."""
        if self._has_begun:
            within = self._connections.limits.header_timeout
            self._end_with(TooSlow(f"the headers must arrive within {within:g} s"))
        self.force_close()

    def abort(self) -> None:
        if self._task_handler is not None:  # aiohttp lets a handler run on without its client
            self._task_handler.cancel()
        if self._accepted is not None:
            self._accepted.abort()

    def _wait(self, seconds: float) -> None:
        self._has_begun = False
        self.waiting_since = self._loop.time()
        self._deadline = self.waiting_since + seconds

    def _end_with(self, problem: Problem) -> None:
        """Respond unless a request is being handled, and close."""
        if self._reading is not None or self._messages:
            self._break_body()
            self.close()
        elif self.transport is not None:
            self.transport.write(self._refuse(problem).as_bytes())
            self.force_close()

    def _break_body(self) -> None:
        """Fail the request with an incomplete body: aiohttp would wait for the rest."""
        if self._reading is not None and not self._reading.content.is_eof():
            self._reading.content.set_exception(BrokenBody())

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the response to malformed HTTP, or to a bug outside the application's handlers."""
        if request.writer.output_size > 0:
            raise ConnectionError("part of the response was already sent")
        response = self._refuse(client_mistake(exc) or RuntimeError(f"status {status}"))
        response.force_close()
        return response

    def log_exception(self, *_: Any, **found: Any) -> None:
        """Log a bug by its class, since its text may quote the request; ignore a broken body."""
        error = found.get("exc_info")
        drop_frames(error)
        if not isinstance(error, BrokenBody):
            log.error("unhandled", route="unknown", error=type(error).__name__)
