"""An event loop without I/O: its clock jumps to the next timer, and its turns are counted.

Deadlines of minutes pass in milliseconds, and the same input takes the same turns each time.
"""

import asyncio
from collections.abc import Callable
from typing import Any

Factory = Callable[[], asyncio.BaseProtocol]


class VirtualLoop(asyncio.BaseEventLoop):
    """Event loop; `servers`: protocol factories of create_server; `errors`: unhandled."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self
        self._now = 0.0
        self.turns = 0
        self.turns_left = 10_000
        self.servers: list[Factory] = []
        self.errors: list[str] = []
        self._settling: list[asyncio.Future[None]] = []
        self.set_exception_handler(lambda _, context: self.errors.append(repr(context)))

    def time(self) -> float:
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Do what a selector does once in each turn; no time passes while there is work."""
        self.turns += 1
        self.turns_left -= 1
        if self.turns_left < 0:
            raise AssertionError("too many turns of the event loop")
        if timeout != 0 and self._settling:
            self._settling.pop().set_result(None)
        elif timeout is None:
            raise AssertionError("deadlock: all tasks wait, and there is no timer")
        else:
            self._now += timeout
        return []

    def settle(self) -> "asyncio.Future[None]":
        """Return a future that is done when only timers are left."""
        settled = self.create_future()
        self._settling.append(settled)
        return settled

    def _process_events(self, event_list: list[Any]) -> None:
        """Do nothing: there are no events."""

    def _write_to_self(self) -> None:
        """Do nothing: no other thread waits."""

    async def create_server(  # type: ignore[override]
        self, factory: Factory, *_: Any, **__: Any
    ) -> Any:
        self.servers.append(factory)
        return _NoServer()


class _NoServer:
    def close(self) -> None:
        """Do nothing: the loop has no socket."""

    async def wait_closed(self) -> None:
        """Do nothing: the loop has no connections."""


class Transport(asyncio.Transport):
    """A client's connection; `sent`: the server's output. One that does not read has ROOM."""

    ROOM = 65_536  # bytes

    def __init__(self, loop: VirtualLoop, *, reads: bool = True) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self._loop = loop
        self._reads = reads
        self._is_full = self._is_closing = False
        self._is_read = asyncio.Event()
        self._is_read.set()
        self.is_closed = False
        self.sent = bytearray()
        self.protocol: Any = None

    def connect(self, factory: Factory) -> None:
        """Connect a client."""
        self.protocol = factory()
        self.protocol.connection_made(self)

    async def receive(self, data: bytes) -> None:
        """Deliver a client's bytes once the server reads; none on a closed connection."""
        await self._is_read.wait()
        if not self._is_closing:
            self.protocol.data_received(data)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._is_closing:
            return
        self.sent += data
        if not self._reads and not self._is_full and len(self.sent) > self.ROOM:
            self._is_full = True
            self.protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        return len(self.sent) if self._is_full else 0

    def is_closing(self) -> bool:
        return self._is_closing

    def is_reading(self) -> bool:
        return self._is_read.is_set()

    def pause_reading(self) -> None:
        self._is_read.clear()

    def resume_reading(self) -> None:
        self._is_read.set()

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._is_read.set()
            if not self._is_full:  # else the rest has to be sent first
                self._loop.call_soon(self._lost)

    def abort(self) -> None:
        is_late = self._is_closing and not self._is_full
        self._is_closing, self._is_full = True, False
        self._is_read.set()
        if not is_late:
            self._loop.call_soon(self._lost)

    def _lost(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.protocol.connection_lost(None)
            self.protocol = None
