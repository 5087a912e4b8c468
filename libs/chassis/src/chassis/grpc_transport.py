"""grpclib's server on our HTTP/2: messages within limits, and one write for all that goes out.

What is gRPC stays grpclib's: methods, metadata, deadlines, statuses, cancellation. What it has no
hook for is replaced where it is made: the protocol, the connection, and the stream of a call.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from grpclib.config import Configuration
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.protocol import Connection, EventsProcessor, H2Protocol, Stream
from grpclib.server import Server
from h2.errors import ErrorCodes
from h2.events import RequestReceived

from chassis import problems
from chassis.http2_connection import Http2Connection
from chassis.http2_streams import STREAMS

MAX_MESSAGE = 64 * 1024  # bytes, as for HTTP; grpclib itself has no limit
MESSAGE_WITHIN = 10.0  # seconds for a message to arrive, as for HTTP
STREAM_WINDOW = MAX_MESSAGE  # bytes that a call may be ahead of its reader
CONNECTION_WINDOW = 16 * STREAM_WINDOW
ABANDONED = 4 * STREAMS  # calls of a connection that may be in their cancelling (CVE-2023-44487)


class GrpcTransportServer(Server):
    """grpclib's server; its callers are cut off after MESSAGE_WITHIN and MAX_MESSAGE."""

    def _protocol_factory(self) -> H2Protocol:
        theirs = super()._protocol_factory()
        # grpclib looks through all calls of a connection at each tenth of them, for those that end.
        cast("Any", theirs.handler).__gc_interval__ = STREAMS
        return _Protocol(theirs.handler, theirs.config, theirs.h2_config)


class _Protocol(H2Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        http2 = Http2Connection(CONNECTION_WINDOW, STREAM_WINDOW)
        self.connection = _Connection(cast("Any", http2), self._transport, config=self.config)
        self.connection.flush()
        self.connection.initialize()
        self.processor = _Calls(self.handler, self.connection)

    def pause_writing(self) -> None:
        """Who does not read his answers is not read either."""
        super().pause_writing()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._transport.resume_reading()


class _Calls(EventsProcessor):
    def process_request_received(self, event: RequestReceived) -> None:
        """Begin a call, unless the caller opens and abandons them faster than they can end."""
        if len(self.streams) < ABANDONED + STREAMS:
            super().process_request_received(event)
            return
        cast("Any", self.connection).go_away(ErrorCodes.ENHANCE_YOUR_CALM)
        self.close("too many calls were abandoned")


class _Connection(Connection):
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


class CallStream(Stream):
    """A call's stream."""

    buffer: "_Buffer"  # type: ignore[assignment]  # in the place of grpclib's, under its names
    has_one_message = False
    """A caller sends one message, within MESSAGE_WITHIN; others may send more, or none."""
    _is_prefix_read = False  # grpclib reads a message's prefix and its body in turn

    def init_stream(self, stream_id: int, connection: Connection) -> None:
        self.id = stream_id
        self.buffer = _Buffer(partial(connection.ack, stream_id))

    @property
    def closable(self) -> bool:
        """Never: a stream is closed with its answer."""
        return False

    async def recv_data(self, size: int) -> bytes:
        """A part of a message; a message that is too large, too slow or cut is refused."""
        if size > MAX_MESSAGE:
            raise problems.TooLarge(f"a message may have {MAX_MESSAGE} bytes")
        if not self.buffer.has(size):
            await self._wait(size)
        data = self.buffer.take(size)
        self._is_prefix_read = not self._is_prefix_read
        if self._is_prefix_read and not data and not self.has_one_message:
            return data
        if self._is_prefix_read:
            _check_prefix(data)
        if len(data) < size:
            raise problems.Invalid("the message ends before its end")
        return data

    async def _wait(self, size: int) -> None:
        try:
            async with asyncio.timeout(MESSAGE_WITHIN if self.has_one_message else None):
                await self.buffer.wait(size)
        except TimeoutError as error:
            told = f"a message must arrive within {MESSAGE_WITHIN:.0f} s"
            raise problems.TooSlow(told) from error

    async def send_headers(self, headers: list[tuple[str, str]], end_stream: bool = False) -> None:  # noqa: FBT001, FBT002 - as grpclib has it
        await self.connection.write_ready.wait()
        self._h2_connection.send_headers(cast("int", self.id), headers, end_stream=end_stream)
        self.connection.flush()

    async def send_data(self, data: bytes, end_stream: bool = False) -> None:  # noqa: FBT001, FBT002 - as grpclib has it
        stream, http2 = cast("int", self.id), self._h2_connection
        await self.connection.write_ready.wait()
        if len(data) > min(http2.local_flow_control_window(stream), http2.max_outbound_frame_size):
            await super().send_data(data, end_stream)  # in parts, as the window allows
            return
        http2.send_data(stream, data, end_stream=end_stream)
        self.connection.flush()


def _check_prefix(prefix: bytes) -> None:
    """Refuse a call without a message, and a compressed message: grpclib takes both for bugs."""
    if not prefix:
        raise problems.Invalid("there is no message")
    if prefix[0]:
        raise GRPCError(Status.UNIMPLEMENTED, "send messages without compression")


class _Buffer:
    """What has arrived of a call and is not read yet: STREAM_WINDOW at most."""

    def __init__(self, acknowledge: Callable[[int], None]) -> None:
        self._data = bytearray()
        self._acknowledge = acknowledge
        self._is_ended = False
        self._arrived: asyncio.Event | None = None

    def add(self, data: bytes, size: int) -> None:
        """Padding is read at once."""
        self._data += data
        self._acknowledge(size - len(data))
        self._tell()

    def eof(self) -> None:
        self._is_ended = True
        self._tell()

    def has(self, size: int) -> bool:
        """Whether as much is there, or no more will come."""
        return self._is_ended or len(self._data) >= size

    async def wait(self, size: int) -> None:
        while not self.has(size):
            self._arrived = asyncio.Event()
            await self._arrived.wait()

    def take(self, size: int) -> bytes:
        """As much as there is."""
        data = bytes(self._data[:size])
        del self._data[:size]
        self._acknowledge(len(data))
        return data

    def unacked_size(self) -> int:
        """What nobody will read."""
        return len(self._data)

    def _tell(self) -> None:
        if self._arrived is not None:
            self._arrived.set()
