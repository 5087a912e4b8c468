"""A TCP proxy that injects network faults.

Toxiproxy does more; it would bring a Go compiler into the build (docs/decisions/0024).
"""

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 16 * 1024  # bytes
TICK = 0.1  # seconds
RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: close() sends RST


@dataclass(frozen=True, slots=True)
class Weather:
    """Faults of a link; by default none."""

    name: str = "fair"
    latency: float = 0.0
    """Seconds before a chunk is forwarded."""
    jitter: float = 0.0
    """Jitter of the delay, in seconds."""
    resets: float = 0.0
    """Share of the connections that are reset in a second."""
    bytes_per_second: float = float("inf")
    is_half_open: bool = False
    """Connections stay open, but no byte passes."""


FAIR = Weather()


@dataclass
class Link:
    """Link from one program to a server; its faults may change at any time."""

    port: int
    target: tuple[str, int]
    _weather: Weather = FAIR
    _passing: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def turn(self, weather: Weather) -> None:
        """Apply these faults from now on, also to open connections."""
        self._weather = weather
        if weather.is_half_open:
            self._passing.clear()
        else:
            self._passing.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen while the block runs."""
        self.turn(FAIR)
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        try:
            yield
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.CancelledError):
            await self._carry(reader, writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
            ends.append(far_writer)
            ways = [(reader, far_writer), (far_reader, writer)]
            tasks = [asyncio.create_task(self._pump(*way)) for way in ways]
            tasks.append(asyncio.create_task(self._reset(writer)))
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for end in ends:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK):
            weather = self._weather
            late = max(0.0, weather.latency + weather.jitter * random.uniform(-1, 1))
            await asyncio.sleep(late + len(chunk) / weather.bytes_per_second)
            await self._passing.wait()
            writer.write(chunk)
            await writer.drain()

    async def _reset(self, writer: asyncio.StreamWriter) -> None:
        """Return at a random time at which the connection is to be reset."""
        while True:
            await asyncio.sleep(TICK)
            if random.random() < self._weather.resets * TICK:
                break
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
