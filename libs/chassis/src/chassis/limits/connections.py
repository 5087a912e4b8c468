"""Limits on the open connections of a port: their number, and timeouts for slow clients."""

import asyncio
import math
import resource
from collections import Counter as Tally
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Protocol

import structlog
from prometheus_client import Counter, Gauge

from chassis.limits import client_memory
from chassis.limits.client_memory import Holder
from chassis.observability.log_limit import LogLimit
from chassis.pauses import every

OPEN = Gauge("connections_open", "Open client connections.", ["port"])
ENDED = Counter(
    "connections_ended_total",
    "Client connections closed by the server, by reason (late, no_room, memory).",
    ["port", "reason"],
)
LONGEST_TURN = 1.0  # seconds between two checks of all connections
RESERVE = 200  # file descriptors for listening, stores and logs; a store's pool has 16
WARN_EVERY = 10.0  # seconds between two warnings about a port
log = structlog.get_logger()
_warnings = LogLimit(WARN_EVERY)


def affordable() -> int:
    """Return the number of connections that file descriptors allow, on all ports together.

    Source: getrlimit(2), RLIMIT_NOFILE. Beyond it the kernel or the event loop drops connections
    silently, and stores cannot be reached either.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, soft - RESERVE)


def raise_descriptor_limit() -> None:
    """Raise the soft limit of file descriptors to the hard one: many systems start with 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS refuses its own "unlimited"
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a port for its clients."""

    connections: int = 1000
    header_timeout: float = 10.0
    """Seconds for a request's headers; over HTTP/2 for the preface, a frame or a header block."""
    idle_timeout: float = 75.0
    """Idle seconds between two requests over HTTP/1.1; over HTTP/2 until a PING is sent."""
    hosts: frozenset[str] | None = None
    """Host names allowed in Host and Origin over HTTP/1.1; None: any (http/origins.py)."""
    client_memory: int = 64_000_000
    """Maximum bytes that clients hold in the process, on all ports together (client_memory.py)."""


LIMITS = Limits()


def address_of(transport: asyncio.BaseTransport) -> str:
    """Return the client's address without its port; "unknown" if it has already disconnected."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else "unknown"


class Connection(Protocol):
    """A connection of either transport; times are the event loop's."""

    address: str
    """The client's address, without its port."""

    @property
    def holder(self) -> Holder:
        """The holder that counts its client's memory."""

    @property
    def waiting_since(self) -> float | None:
        """The time since which no request runs; None while one runs."""

    def is_overdue(self, now: float) -> bool:
        """Whether its client has timed out."""

    def end(self) -> None:
        """Report the timeout to the client and close, after pending output is sent."""

    def give_up(self) -> None:
        """Report the memory limit to the client, and free its memory within a turn."""

    def abort(self) -> None:
        """Close at once."""


class Connections:
    """Bounds the connections of one port, and closes those whose clients time out.

    At the limit it closes a connection of the client that has most of them: the one that has been
    idle longest, or the newest if all are busy. So a client that opens many connections does not
    displace another.
    """

    _in_all: ClassVar[int] = 0
    """Open connections of all ports of this process."""

    def __init__(self, port: str, limits: Limits) -> None:
        self.limits = limits
        self._port = port
        self._open: set[Connection] = set()
        self._ending: set[Connection] = set()
        self._of_client: Tally[str] = Tally()
        self._is_cut = False

    def add(self, connection: Connection) -> None:
        """Register a new connection; may close another one at the limit."""
        self._open.add(connection)
        self._of_client[connection.address] += 1
        Connections._in_all += 1
        OPEN.labels(self._port).inc()
        if self._is_cut:
            connection.abort()
        used = len(self._open) - len(self._ending)
        if used > self.limits.connections or Connections._in_all > affordable():
            self._warn(used)
            self._end(self._dispensable(connection), "no_room")
        bound, end = self.limits.client_memory, partial(self._give_up, connection)
        client_memory.OF_PROCESS.add(connection.holder, bound, end)

    def remove(self, connection: Connection) -> None:
        """Unregister a closed connection; its running requests may still hold memory."""
        if connection in self._open:
            self._open.remove(connection)
            self._ending.discard(connection)
            self._of_client[connection.address] -= 1
            if not self._of_client[connection.address]:
                del self._of_client[connection.address]
            Connections._in_all -= 1
            OPEN.labels(self._port).dec()

    def abort(self) -> int:
        """Close all connections at once, and later ones, too; return how many there were."""
        self._is_cut = True
        count = len(self._open)
        for connection in self._open.copy():
            connection.abort()
        return count

    async def watch(self, until: asyncio.Event) -> None:
        """Close timed-out connections until the event is set."""
        timeouts = self.limits.header_timeout, self.limits.idle_timeout
        turn = min(LONGEST_TURN, *(seconds / 4 for seconds in timeouts))
        async for _ in every(turn, until):
            self._end_overdue(asyncio.get_running_loop().time())

    def _end_overdue(self, now: float) -> None:
        for connection in self._open.copy():
            if connection in self._ending:
                connection.abort()  # after a turn to send the last bytes
            elif connection.is_overdue(now):
                self._end(connection, "late")
            client_memory.OF_PROCESS.count(connection.holder)

    def _end(self, connection: Connection, reason: str) -> None:
        ENDED.labels(self._port, reason).inc()
        self._ending.add(connection)
        connection.end()

    def _give_up(self, connection: Connection) -> None:
        if connection in self._open:
            ENDED.labels(self._port, "memory").inc()
            self._ending.add(connection)
        connection.give_up()

    def _dispensable(self, newest: Connection) -> Connection:
        others = self._open - self._ending
        waiting = {one: since for one in others if (since := one.waiting_since) is not None}
        waiting[newest] = math.inf
        return min(waiting, key=lambda one: (-self._of_client[one.address], waiting[one]))

    def _warn(self, used: int) -> None:
        if (others := _warnings.take(self._port)) is not None:
            log.warning("connection limit reached", port=self._port, open=used, others=others)
