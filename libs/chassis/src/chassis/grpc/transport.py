"""grpclib's server on our HTTP/2, or on h2: limits on messages, combined writes.

gRPC itself stays grpclib's: methods, metadata, statuses, cancellation. Parts without a hook are
replaced where they are created: the protocol, the connection, and the stream of a call.
"""

import asyncio
from collections.abc import Container
from functools import partial
from typing import Any, cast

import structlog
from grpclib.protocol import H2Protocol
from grpclib.server import Server
from h2.errors import ErrorCodes

from chassis.grpc.connection import Calls, GrpcConnection
from chassis.grpc.handler import CallHandler
from chassis.grpc.stream import MAX_MESSAGE
from chassis.limits import client_memory
from chassis.limits.client_memory import Holder
from chassis.limits.connections import Connections, address_of
from chassis.observability import telemetry
from chassis.observability.log_limit import LogLimit
from http2.implementations import Http2

STREAM_WINDOW = MAX_MESSAGE  # unread bytes of a call
CONNECTION_WINDOW = 16 * STREAM_WINDOW
WARN_EVERY = 10.0  # seconds between two warnings about aborted connections
PING = b"alive?!?"
log = structlog.get_logger()
_warnings = LogLimit(WARN_EVERY)


class GrpcTransportServer(Server):
    """grpclib's server with limits; see chassis.grpc.stream."""

    def __init__(
        self, handlers: Any, codec: Any, connections: Connections, http2: type[Http2]
    ) -> None:
        super().__init__(handlers, codec=codec)
        self._connections = connections
        self._http2 = http2

    def _protocol_factory(self) -> H2Protocol:
        calls = CallHandler(
            self._mapping, self._codec, self._status_details_codec, self.__dispatch__
        )
        self._handlers.add(calls)
        theirs = H2Protocol(calls, self._config, self._h2_config)
        protocol = _Protocol(theirs, self._mapping, self._connections, self._http2)
        calls.on_closed = partial(self._forget, protocol)
        return protocol

    async def calls_ended(self) -> None:
        """Wait for the calls that close() has cancelled, but not for connections of idle clients.

        wait_closed() also waits for those since CPython 3.12 (gh-79033).
        """
        await asyncio.gather(*(calls.wait_closed() for calls in list(self._handlers)))

    def _forget(self, protocol: "_Protocol", calls: CallHandler) -> None:
        self._handlers.discard(calls)
        client_memory.OF_PROCESS.remove(protocol.holder)


class _Protocol(H2Protocol):
    def __init__(
        self,
        theirs: H2Protocol,
        methods: Container[str],
        connections: Connections,
        http2: type[Http2],
    ) -> None:
        super().__init__(theirs.handler, theirs.config, theirs.h2_config)
        self._http2 = http2(CONNECTION_WINDOW, STREAM_WINDOW)
        self._methods = methods
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._received_at = self._begun_at = self._loop.time()
        self._is_pinged = False
        self._is_behind = self._is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.address = address_of(transport)
        http2 = self._http2
        self.connection = GrpcConnection(http2, self._transport, config=self.config)
        self.connection.flush()
        self.connection.initialize()
        self.processor = Calls(self.handler, self.connection, http2, self._methods)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.remove(self)
        cast("CallHandler", self.handler).is_connected = False
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received_at, self._is_pinged = self._loop.time(), False
        self._take(data)

    def _take(self, data: bytes = b"") -> None:
        """Read a bounded amount in each turn of the event loop, so that other clients get turns."""
        if not self._transport.is_closing():
            self._read(data)
            self._pace()
            client_memory.OF_PROCESS.count(self.holder)

    def _pace(self) -> None:
        """Pause reading from this client until its input is processed."""
        was_behind, self._is_behind = self._is_behind, self._http2.is_behind
        if self._is_behind:
            self._transport.pause_reading()
            self._loop.call_soon(self._take)
        elif was_behind and not self._is_full:
            self._transport.resume_reading()

    def _read(self, data: bytes) -> None:
        was_between, before = self._http2.is_between, self._http2.progress
        try:
            super().data_received(data)
        except Exception as error:  # noqa: BLE001 - a bug; its text may quote client data
            bug = type(error).__name__
            log.error("unhandled", method="unknown", error=bug)  # noqa: TRY400
            cast("GrpcConnection", self.connection).go_away(ErrorCodes.INTERNAL_ERROR)
            self.processor.close("internal error")
        if was_between or self._http2.progress != before:
            self._begun_at = self._received_at
        for code in self._http2.refused:
            telemetry.count_refused("grpc", "unknown", ErrorCodes(code).name)
        if ErrorCodes.ENHANCE_YOUR_CALM in self._http2.refused:
            self._warn()
        self._http2.refused.clear()

    def _warn(self) -> None:
        """Log at most one line per WARN_EVERY, however often a client reconnects."""
        if (others := _warnings.take("flood")) is not None:
            reason = ErrorCodes.ENHANCE_YOUR_CALM.name
            log.warning("connection aborted", reason=reason, client=self.address, others=others)

    @property
    def waiting_since(self) -> float | None:
        return None if self.processor.streams else self._received_at

    def is_overdue(self, now: float) -> bool:
        """Whether a frame or header block is not complete in time, or a PING has no response.

        An idle connection that is alive is kept: clients keep theirs for days.
        """
        limits = self._connections.limits
        if not self._http2.is_between:
            return now >= self._begun_at + limits.header_timeout
        silent_until = self._received_at + limits.idle_timeout
        if now >= silent_until and not self._is_pinged:
            self._is_pinged = True
            self._http2.ping(PING)
            self.connection.flush()
        return now >= silent_until + limits.header_timeout

    def end(self) -> None:
        """Send GOAWAY and close: an idle client reconnects with its next call."""
        self.processor.close("client timed out")

    @property
    def holder(self) -> Holder:
        return cast("GrpcConnection", self.connection)

    def give_up(self) -> None:
        cast("GrpcConnection", self.connection).go_away(ErrorCodes.ENHANCE_YOUR_CALM)
        self.processor.close("the client holds too much memory")
        self._loop.call_soon(self.abort)  # after a turn to send the last bytes

    def abort(self) -> None:
        self._transport.abort()

    def pause_writing(self) -> None:
        """Backpressure: stop reading from a client that does not read its responses."""
        super().pause_writing()
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_full = False
        if not self._is_behind:
            self._transport.resume_reading()
