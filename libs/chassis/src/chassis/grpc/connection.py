"""A connection of gRPC calls: starts or refuses calls, and combines output into one write.

It extends grpclib's connection, on our HTTP/2.
"""

import asyncio
from collections.abc import Callable, Container
from contextlib import suppress
from functools import partial
from typing import Any, cast

from grpclib.config import Configuration
from grpclib.protocol import Connection, EventsProcessor, Stream
from h2.errors import ErrorCodes
from h2.events import RequestReceived
from h2.exceptions import StreamClosedError

from chassis.grpc.requests import RefusedCall, accept, refusal
from chassis.grpc.stream import CallStream
from chassis.limits.client_memory import CALL, HTTP2_CONNECTION, OF_PROCESS, STEP
from chassis.limits.connections import address_of
from chassis.observability import telemetry
from http2.connection import Http2Connection
from http2.headers import Headers
from http2.on_h2 import H2BoundedConnection
from http2.streams import STREAMS

ABANDONED = 4 * STREAMS  # cancelled calls of a connection that may still end (CVE-2023-44487)


class Calls(EventsProcessor):
    def __init__(
        self,
        handler: Any,
        connection: Any,
        http2: Http2Connection | H2BoundedConnection,
        methods: Container[str],
    ) -> None:
        super().__init__(handler, connection)
        self._http2 = http2
        self._methods = methods

    def process_request_received(self, event: RequestReceived) -> None:
        """Start a call or refuse it: every header block gets a response.

        The connection is closed if a client opens and cancels calls faster than they can end.
        """
        if len(self.streams) >= ABANDONED + STREAMS:
            self._http2.refused.append(ErrorCodes.ENHANCE_YOUR_CALM)
            cast("Any", self.connection).go_away(ErrorCodes.ENHANCE_YOUR_CALM)
            self.close("too many calls were abandoned")
            return
        try:
            call = accept(cast("Headers", event.headers), self._methods)
        except RefusedCall as refused:
            self._refuse(event.stream_id, refused)
            return
        event.headers = cast("Any", call.headers)
        super().process_request_received(event)
        if call.timeout is not None:
            stream = cast("CallStream", self.streams[event.stream_id])
            stream.deadline = asyncio.get_running_loop().time() + call.timeout

    def register(self, stream: Stream) -> Callable[[], None]:
        """Start a call; the returned function ends it."""
        call: Any = stream
        self.streams[call.id] = call
        begun = self._http2.streams.get(call.id)
        call.hold(CALL + getattr(begun, "headers", 0))
        return partial(self._release, call)

    def _release(self, call: Any) -> None:
        del self.streams[call.id]
        call.hold(-call.held)
        if not self.connection.is_closing():
            self.connection.ack(call.id, call.buffer.unacked_size())

    def _refuse(self, stream_id: int, refused: RefusedCall) -> None:
        with telemetry.Request("grpc", "", "unknown", {}) as request:
            request.status = refused.problem.status.grpc
            with suppress(StreamClosedError):  # the client has already cancelled
                self._http2.send_headers(stream_id, refusal(refused), end_stream=True)


class GrpcConnection(Connection):
    """grpclib's connection, which also counts the memory that its client holds in the process.

    held_by_calls: bytes of running calls, their metadata, and messages that were read or wait to be
    sent.
    """

    counted = bound = held_by_calls = 0
    _written = 0  # bytes since output was counted

    def __init__(
        self,
        http2: Any,
        transport: asyncio.Transport,
        *,
        config: Configuration,
    ) -> None:
        super().__init__(http2, transport, config=config)
        self.address = address_of(transport)
        self._unsent = transport.get_write_buffer_size
        self._loop = asyncio.get_running_loop()
        self._is_flushing = False

    def held(self) -> int:
        """Bytes of memory."""
        http2: Any = self._connection
        held: int = http2.held + self.held_by_calls + self._unsent()
        return HTTP2_CONNECTION + held

    def create_stream(self, *, stream_id: int | None = None, wrapper: Any = None) -> Stream:
        http2, transport = self._connection, self._transport
        return CallStream(self, http2, transport, stream_id=stream_id, wrapper=wrapper)

    def flush(self) -> None:
        """Schedule a write in this turn of the event loop, shared with other output."""
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self.write)

    def write(self) -> None:
        """Write all pending output."""
        self._is_flushing = False
        if hasattr(self, "_transport") and (data := self._connection.data_to_send()):
            self._transport.write(data)
            self._written += len(data)
            if self._written > STEP:
                self._written = 0
                OF_PROCESS.count(self)

    def go_away(self, error_code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Send GOAWAY with the reason."""
        cast("Any", self._connection).go_away(error_code)
        self.write()

    def close(self) -> None:
        if not self.is_closing():
            self.go_away()
        super().close()
