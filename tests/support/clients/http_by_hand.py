"""Raw HTTP/1.1: send any bytes to a port, and read the response."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

Between = Callable[[], Awaitable[None]]
TIMEOUT = 10  # seconds; a response takes milliseconds on an idle machine


@dataclass(frozen=True)
class Response:
    """A response as received."""

    raw: bytes

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode().lower()

    @property
    def status(self) -> int:
        return int(self.head.split()[1])

    @property
    def problem(self) -> dict[str, Any]:
        """Return the problem document; raise AssertionError for anything else."""
        assert "content-type: application/problem+json" in self.head, self.raw
        body: dict[str, Any] = msgspec.json.decode(self.raw.partition(b"\r\n\r\n")[2])
        assert body["status"] == self.status
        return body


async def exchange(
    port: int, *parts: bytes, between: Between | None = None, is_ended: bool = False
) -> Response:
    """Send the parts, with a pause between them, and read until the server closes the connection.

    is_ended: close our side first, as a client that has no more to send.
    """
    async with asyncio.timeout(TIMEOUT):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for number, part in enumerate(parts):
                if number and between is not None:
                    await between()
                writer.write(part)
                await writer.drain()
            if is_ended:
                writer.write_eof()
            return Response(await reader.read())
        finally:
            writer.close()


async def leave(port: int, sent: bytes, *, is_reset: bool) -> None:
    """Send some bytes and disconnect: with a FIN, or with a RST."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    if is_reset:
        found: socket.socket = writer.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()
