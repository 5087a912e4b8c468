"""Raw gRPC calls: HTTP/2 frames of any kind, over a plain socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.settings import SettingCodes

from http2 import frames
from http2 import headers as http2_headers
from tests.support.fakes.in_process_api import ANSWER_WITHIN, HOST

PADDING = ("x-padding", "~" * 300)  # so that more than responses fills intermediate buffers
GET = ((":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x"), PADDING)
CREATE = "/user.v1.UserCommands/Create"
Text = str | bytes
Headers = Iterable[tuple[str, str]]


def message(length: int, body: bytes, compressed: int = 0) -> bytes:
    """Return a length-prefixed message, whose prefix may be wrong."""
    return bytes([compressed]) + length.to_bytes(4) + body


class RawCaller:
    """A connection; it can do what h2 permits a client, which is more than grpclib's does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        config = H2Configuration(
            client_side=True, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self._h2 = H2Connection(config)
        self._h2.initiate_connection()
        self._newest = 1

    def open(self, content_type: str = "application/grpc+proto", metadata: Headers = ()) -> int:
        """Open a stream to Create, without data yet."""
        return self.begin(
            [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", CREATE),
                (":authority", "x"),
                ("te", "trailers"),
                ("content-type", content_type),
                *metadata,
            ]
        )

    def begin(self, headers: Iterable[tuple[Text, Text]], *, is_end: bool = False) -> int:
        """Open a stream with any headers."""
        stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(stream, list(headers), end_stream=is_end)
        return stream

    def send(self, stream: int, data: bytes, is_end: bool = False) -> None:  # noqa: FBT001, FBT002 - as h2 has it
        self._h2.send_data(stream, data, end_stream=is_end)

    def reset(self, stream: int) -> None:
        self._h2.reset_stream(stream)

    def close_window(self) -> None:
        """Set a flow-control window of 0 for new streams."""
        self._h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})

    def refused_calls(self, times: int) -> None:
        """Send calls with GET, in frames built by hand: h2 takes ten times as long."""
        kept = self._h2.data_to_send()
        block = http2_headers.written(GET)
        flags = frames.END_HEADERS | frames.END_STREAM
        streams = range(self._newest, self._newest + 2 * times, 2)
        self._newest = streams.stop
        calls = [frames.written(frames.HEADERS, flags, stream, block) for stream in streams]
        self._writer.write(kept + b"".join(calls))

    def hang_up(self) -> None:
        """Disconnect without waiting for unsent data."""
        self._writer.transport.abort()

    async def flush(self) -> None:
        self._writer.write(self._h2.data_to_send())
        await self._writer.drain()

    async def answer(self, stream: int, *, is_message_enough: bool = False) -> str:
        """Return a stream's outcome: "grpc <status>", "http <status>", "reset" or "closed".

        is_message_enough: return "message" at the first one; a stream may go on for ever.
        """
        async with asyncio.timeout(ANSWER_WITHIN):
            await self.flush()
            headers: dict[str, str] = {}
            while data := await self._reader.read(65536):
                for event in self._h2.receive_data(data):
                    if isinstance(event, ConnectionTerminated):
                        return "closed"
                    if getattr(event, "stream_id", None) != stream:
                        continue
                    if isinstance(event, ResponseReceived | TrailersReceived):
                        headers |= {
                            bytes(k).decode(): bytes(v).decode() for k, v in event.headers or []
                        }
                    if isinstance(event, StreamReset) and "grpc-status" not in headers:
                        return "reset"
                    if isinstance(event, DataReceived) and is_message_enough:
                        return "message"
                    if isinstance(event, StreamEnded):
                        return _status_of(headers)
                await self.flush()
        return _status_of(headers) if headers else "closed"


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[RawCaller]:
    """Open a connection, while the block runs."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield RawCaller(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def _status_of(headers: dict[str, str]) -> str:
    if "grpc-status" in headers:
        return f"grpc {headers['grpc-status']}"
    return f"http {headers.get(':status')}"
