"""A connection of arbitrary bytes to a whole server, in memory: invariants for any input."""

import asyncio
import atexit
import gc
import logging
import weakref
from collections.abc import Callable, Coroutine, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
import structlog
from structlog.testing import LogCapture

from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.limits import connections
from tests.component.fuzz.virtual_loop import Transport, VirtualLoop

TIMEOUT = 45.0  # seconds: a message may take 10 to arrive, and its response 30 to be read
OVER = 100.0  # seconds more, after which no deadline of a connection remains
STEP = 5.0
TURNS = 400  # of the event loop, plus one for each byte
BYTES = 100_000  # of responses; reflection sends 7 kB for a request of 30 bytes
BYTES_A_BYTE = 300
USES = 1_000  # connections to one server, whose store grows
ERRORS = {"error", "critical"}
Server = GrpcServer | HttpServer
T = TypeVar("T")
Check = Callable[[Transport, Any], None]


class Harness:
    """A server that runs in a VirtualLoop from one input to the next."""

    def __init__(self, make: Callable[[], Server], check: Check) -> None:
        """Set it up; `check` is called for a connection WITHIN seconds after its last byte."""
        self._make, self._check = make, check
        self._uses = 0
        self.loop = VirtualLoop()
        atexit.register(self._end)

    def run(self, data: bytes) -> bytes:
        """Return what the server sends to a client that sends these bytes, and waits for the end.

        Another client sends them in pieces, reads nothing, and leaves: all of it must be freed.
        """
        if self._uses % USES == 0:
            self._start()
        uses, self._uses = self._uses, 0  # a server that has failed is not used again
        size = len(data) // 16 + 1
        self._send([data[at : at + size] for at in range(0, len(data), size)], stays=False)
        sent = self._send([data], stays=True)
        self._uses = uses + 1
        assert len(sent) <= BYTES + BYTES_A_BYTE * len(data), "a response without end"
        return sent

    def _send(self, pieces: list[bytes], *, stays: bool) -> bytes:
        self.loop.turns_left = TURNS + sum(map(len, pieces)) + int(10 * (TIMEOUT + OVER))
        with _quiet(self.loop):
            sent, held = self._within(self._connection(pieces, stays=stays))
        alive = [repr(one) for ref in held if (one := ref()) is not None]
        assert not alive, f"objects of a closed connection still exist: {alive}"
        assert len(asyncio.all_tasks(self.loop)) == self._tasks, "a task remains"
        return sent

    def _start(self) -> None:
        self._end()
        self.loop = VirtualLoop()
        self.loop.turns_left = TURNS
        self._within(self._serve())
        self._tasks = len(asyncio.all_tasks(self.loop))

    def _end(self) -> None:
        if self._uses:
            self._within(self._stop())
        self.loop.close()

    def _within(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    async def _serve(self) -> None:
        self._server = self._make()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connections, "LONGEST_TURN", 5.0)  # most of a run's time went into these
            self._serving = asyncio.create_task(self._server.serve())
            await self.loop.settle()

    async def _stop(self) -> None:
        await self._server.drain()
        await self._serving
        self._server._socket.close()

    async def _connection(
        self, pieces: list[bytes], *, stays: bool
    ) -> tuple[bytes, list["weakref.ref[Any]"]]:
        transport = Transport(self.loop, reads=stays)
        transport.connect(self.loop.servers[0])
        held = list(_referred(transport.protocol))
        before = self.loop.turns
        for piece in pieces:
            await transport.receive(piece)
            await self.loop.settle()
        turns = self.loop.turns - before
        assert turns <= TURNS + sum(map(len, pieces)), f"{turns} turns of the event loop"
        if stays:
            await self._wait(transport)
        transport.abort()
        await self.loop.settle()
        return bytes(transport.sent), held

    async def _wait(self, transport: Transport) -> None:
        await asyncio.sleep(0 if transport.is_closed else TIMEOUT)
        if not transport.is_closed:
            self._check(transport, self._server)
        for _ in range(int(OVER / STEP)):
            await asyncio.sleep(0 if transport.is_closed else STEP)
        assert transport.is_closed, "the connection never closes"


def _referred(protocol: Any) -> Iterator["weakref.ref[Any]"]:
    """Yield references to a connection's objects."""
    yield weakref.ref(protocol)
    for name in ("connection", "processor", "_http2", "handler"):
        if (found := getattr(protocol, name, None)) is not None:
            yield weakref.ref(found)


class _Errors(logging.Handler):
    """Collector of what libraries log."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


@contextmanager
def _quiet(loop: VirtualLoop) -> Iterator[None]:
    """Fail if a client's mistake is logged as an error, or raised without a handler."""
    logged, theirs, kept = LogCapture(), _Errors(logging.ERROR), structlog.get_config()
    structlog.configure(processors=[logged], wrapper_class=structlog.BoundLogger)
    logging.getLogger().addHandler(theirs)
    loop.errors.clear()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        structlog.configure(**kept)
        logging.getLogger().removeHandler(theirs)
        if was_enabled:
            gc.enable()
    errors: list[str | MutableMapping[str, Any]] = [*loop.errors, *theirs.found]
    errors += [entry for entry in logged.entries if entry["log_level"] in ERRORS]
    assert not errors, errors
