"""Open connections of a port: how many there may be, and how long each may wait for its client."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import Counter, Gauge

OPEN = Gauge("connections_open", "Connections of clients that are open.", ["port"])
ENDED = Counter(
    "connections_ended_total",
    "Connections that were ended because their client was late, or for want of room.",
    ["port", "reason"],
)
LONGEST_TURN = 1.0  # seconds between two looks at all connections


@dataclass(frozen=True, slots=True)
class Limits:
    """What a port grants its clients."""

    connections: int = 1000
    header_timeout: float = 10.0
    """Seconds for a request's headers, and for the preface, a frame or a header block of HTTP/2."""
    idle_timeout: float = 75.0
    """Seconds between two requests of HTTP/1.1; of silence, over HTTP/2, until a PING."""


LIMITS = Limits()


class Connection(Protocol):
    """What both transports tell of a connection; times are the event loop's."""

    @property
    def waiting_since(self) -> float | None:
        """The moment since which nothing runs for its client; None while something does."""

    def is_overdue(self, now: float) -> bool:
        """Whether its client has taken too long."""

    def end(self) -> None:
        """Say so and close, without cutting off what is still to be sent."""

    def abort(self) -> None:
        """Close at once."""


class Connections:
    """Bounds the connections of one port, and ends those whose clients are late.

    Where there is no room the connection goes that has waited for its client longest: late clients
    make room for new ones. When a request runs on each of the others, that is the newest.
    """

    def __init__(self, port: str, limits: Limits) -> None:
        self.limits = limits
        self._port = port
        self._open: set[Connection] = set()
        self._ending: set[Connection] = set()

    def add(self, connection: Connection) -> None:
        """A client has connected."""
        self._open.add(connection)
        OPEN.labels(self._port).inc()
        if len(self._open) - len(self._ending) > self.limits.connections:
            self._end(self._longest_waiting(connection), "no_room")

    def remove(self, connection: Connection) -> None:
        """A connection is closed."""
        if connection in self._open:
            self._open.remove(connection)
            self._ending.discard(connection)
            OPEN.labels(self._port).dec()

    def abort(self) -> int:
        """Close all connections at once; how many there were."""
        count = len(self._open)
        for connection in self._open.copy():
            connection.abort()
        return count

    async def watch(self, until: asyncio.Event) -> None:
        """End late connections until the event is set."""
        timeouts = self.limits.header_timeout, self.limits.idle_timeout
        turn = min(LONGEST_TURN, *(seconds / 4 for seconds in timeouts))
        while not until.is_set():
            self._look(asyncio.get_running_loop().time())
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), turn)

    def _look(self, now: float) -> None:
        for connection in self._open.copy():
            if connection in self._ending:
                connection.abort()  # it had a turn to take the last bytes
            elif connection.is_overdue(now):
                self._end(connection, "late")

    def _end(self, connection: Connection, reason: str) -> None:
        ENDED.labels(self._port, reason).inc()
        self._ending.add(connection)
        connection.end()

    def _longest_waiting(self, newest: Connection) -> Connection:
        found = [
            (connection.waiting_since, id(connection), connection)
            for connection in self._open - self._ending - {newest}
            if connection.waiting_since is not None
        ]
        return min(found)[-1] if found else newest
