"""A connection of gRPC calls: how a call begins or is refused, and one write for all that goes out.

It is grpclib's, on our HTTP/2.
"""

import asyncio
from collections.abc import Container
from contextlib import suppress
from typing import Any, cast

from grpclib.config import Configuration
from grpclib.protocol import Connection, EventsProcessor, Stream
from h2.errors import ErrorCodes
from h2.events import RequestReceived
from h2.exceptions import StreamClosedError

from chassis import telemetry
from chassis.grpc_requests import RefusedCall, accept, refusal
from chassis.grpc_stream import CallStream
from chassis.http2_connection import Http2Connection
from chassis.http2_headers import Headers
from chassis.http2_on_h2 import H2BoundedConnection
from chassis.http2_streams import STREAMS

ABANDONED = 4 * STREAMS  # calls of a connection that may be in their cancelling (CVE-2023-44487)


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
        """Begin a call or refuse it: no header block leaves a stream without a response.

        A client that opens and abandons calls faster than they can end is cut off.
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

    def _refuse(self, stream_id: int, refused: RefusedCall) -> None:
        with telemetry.Request("grpc", "", "unknown", {}) as request:
            request.status = refused.problem.answer.grpc
            with suppress(StreamClosedError):  # the client has given up already
                self._http2.send_headers(stream_id, refusal(refused), end_stream=True)


class GrpcConnection(Connection):
    def __init__(self, *args: Any, config: Configuration) -> None:
        super().__init__(*args, config=config)
        self._loop = asyncio.get_running_loop()
        self._is_flushing = False

    def create_stream(self, *, stream_id: int | None = None, wrapper: Any = None) -> Stream:
        http2, transport = self._connection, self._transport
        return CallStream(self, http2, transport, stream_id=stream_id, wrapper=wrapper)

    def flush(self) -> None:
        """Write soon, together with what others have to write by then."""
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self._write)

    def go_away(self, error_code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Say why this connection ends."""
        cast("Any", self._connection).go_away(error_code)
        self._write()

    def close(self) -> None:
        if not self.is_closing():
            self.go_away()
        super().close()

    def _write(self) -> None:
        self._is_flushing = False
        if hasattr(self, "_transport") and (data := self._connection.data_to_send()):
            self._transport.write(data)
