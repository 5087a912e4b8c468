"""The stream of a gRPC call: limits on message size and time, in both directions."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.protocol import Connection, Stream
from h2.errors import ErrorCodes
from h2.exceptions import StreamClosedError

from chassis import problems
from chassis.limits.client_memory import COPIES, OF_PROCESS

MAX_MESSAGE = 64 * 1024  # bytes, as for HTTP; grpclib itself has no limit
MESSAGE_WITHIN = 10.0  # seconds for a message to arrive, as for HTTP
NEXT_MESSAGE_WITHIN = 75.0  # seconds until the next message of a client that sends several begins
TAKEN_WITHIN = 30.0  # seconds for a client to read a message


class CallStream(Stream):
    """A call's stream; `deadline` is the client's, in the event loop's time."""

    buffer: "_Buffer"  # type: ignore[assignment]  # replaces grpclib's, with its names
    deadline: float | None = None
    has_one_message = False
    """Whether the method takes one message, due within MESSAGE_WITHIN; else a stream of them."""
    held = 0
    """Bytes of memory, without unread input."""
    _message = 0  # bytes of the newest message that was read
    _is_prefix_read = False  # grpclib reads a message's prefix and its body in turn

    def init_stream(self, stream_id: int, connection: Connection) -> None:
        self.id = stream_id
        self.buffer = _Buffer(partial(connection.ack, stream_id))

    def hold(self, size: int) -> None:
        """Add to the bytes that the call holds."""
        connection: Any = self.connection
        connection.held_by_calls += size
        self.held += size

    @property
    def closable(self) -> bool:
        """Return False: a stream is closed with its response."""
        return False

    async def recv_data(self, size: int) -> bytes:
        """Return a part of a message; raises TooLarge, TooSlow, and Invalid if it is truncated."""
        if size > MAX_MESSAGE:
            raise problems.TooLarge(f"a message may be at most {MAX_MESSAGE} bytes")
        if not self.buffer.has(size):
            await self._wait(size)
        data = self.buffer.take(size)
        self._is_prefix_read = not self._is_prefix_read
        if self._is_prefix_read and not data and not self.has_one_message:
            return data
        if self._is_prefix_read:
            _check_prefix(data)
        elif size != self._message:
            self.hold(size - self._message)
            self._message = size
        if len(data) < size:
            raise problems.Invalid("the message is truncated")
        return data

    async def _wait(self, size: int) -> None:
        is_begun = self.has_one_message or self._is_prefix_read or self.buffer.has(1)
        within = MESSAGE_WITHIN if is_begun else NEXT_MESSAGE_WITHIN
        try:
            async with asyncio.timeout(within):
                await self.buffer.wait(size)
        except TimeoutError as error:
            raise problems.TooSlow(f"a message must arrive within {within:.0f} s") from error

    async def send_headers(self, headers: list[tuple[str, str]], end_stream: bool = False) -> None:  # noqa: FBT001, FBT002 - as grpclib has it
        """Send at once: headers are small, and the data they announce is counted separately."""
        self._h2_connection.send_headers(cast("int", self.id), headers, end_stream=end_stream)
        self.connection.flush()

    async def send_data(self, data: bytes, end_stream: bool = False) -> None:  # noqa: FBT001, FBT002 - as grpclib has it
        stream = cast("int", self.id)
        http2: Any = self._h2_connection
        connection: Any = self.connection
        room = min(http2.local_flow_control_window(stream), http2.max_outbound_frame_size)
        if len(data) > room or not connection.write_ready.is_set():
            # in parts, as the window allows
            await self._taken(super().send_data(data, end_stream), COPIES * len(data))
            return
        http2.send_data(stream, data, end_stream=end_stream)
        if http2.is_full:
            connection.write()
        else:
            connection.flush()

    async def _taken(self, sending: Awaitable[Any], size: int) -> None:
        """Wait for a client to read its response; raises StreamClosedError.

        size: bytes that are held meanwhile.
        """
        self.hold(size)
        OF_PROCESS.count(cast("Any", self.connection))
        try:
            async with asyncio.timeout(TAKEN_WITHIN):
                await sending
        except TimeoutError:
            self._h2_connection.reset_stream(cast("int", self.id), ErrorCodes.CANCEL)
            self.connection.flush()
            raise StreamClosedError(cast("int", self.id)) from None
        finally:
            self.hold(-size)


def _check_prefix(prefix: bytes) -> None:
    """Refuse a call without a message, and a compressed message: grpclib reports both as bugs."""
    if not prefix:
        raise problems.Invalid("the request has no message")
    if prefix[0]:
        raise GRPCError(Status.UNIMPLEMENTED, "compressed messages are not supported")


class _Buffer:
    """Unread input of a call: at most STREAM_WINDOW bytes."""

    def __init__(self, acknowledge: Callable[[int], None]) -> None:
        self._data = bytearray()
        self._acknowledge = acknowledge
        self._is_ended = False
        self._arrived: asyncio.Event | None = None

    def add(self, data: bytes, size: int) -> None:
        """Store data; padding (size beyond the data) is acknowledged at once."""
        self._data += data
        self._acknowledge(size - len(data))
        self._wake()

    def eof(self) -> None:
        self._is_ended = True
        self._wake()

    def has(self, size: int) -> bool:
        """Whether so many bytes have arrived, or the input has ended."""
        return self._is_ended or len(self._data) >= size

    async def wait(self, size: int) -> None:
        while not self.has(size):
            self._arrived = asyncio.Event()
            await self._arrived.wait()

    def take(self, size: int) -> bytes:
        """Return up to so many bytes."""
        data = bytes(self._data[:size])
        del self._data[:size]
        self._acknowledge(len(data))
        return data

    def unacked_size(self) -> int:
        """Return the bytes that were never read."""
        return len(self._data)

    def _wake(self) -> None:
        if self._arrived is not None:
            self._arrived.set()
