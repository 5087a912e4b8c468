"""Memory that clients hold in this process: one sum for all ports, with an upper bound.

It counts, for each connection: unread input, incomplete and queued requests, header tables,
messages and bodies of running calls, output that the client does not read (in the event loop's
write buffers; the kernel bounds its own), and a flat cost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Protocol

import structlog
from prometheus_client import Gauge

from chassis.observability.log_limit import LogLimit

# Costs in bytes of RSS on CPython 3.11, measured by loadtest/client_memory.py (decision 0047):
HTTP1_CONNECTION = 10_000
REQUEST = 10_000  # an HTTP/1.1 request in progress
QUEUED = 1_500  # a queued request, besides its bytes
LINE = 200  # a header line of it, besides its bytes
PARSED = 2  # times its bytes: raw, and decoded
BODY_COPIES = 2  # of a body of a request in progress: as read, and as kept
PIECE = 120  # an unread part of a body, besides its bytes
HTTP2_CONNECTION = 13_000
CALL = 12_500  # a call over gRPC: its task, streams and events
COPIES = 2  # of a message that waits to be sent: encoded, and framed

STEP = 4_096  # bytes of output between two counts; the flat costs cover them
KEPT = 7 / 8  # of the bound remains after connections were closed: room for more than one byte
WARN_EVERY = 10.0  # seconds between two warnings
log = structlog.get_logger()
_warnings = LogLimit(WARN_EVERY)


class Holder(Protocol):
    """An object that holds memory for one client; `counted` and `bound` belong to ClientMemory."""

    address: str
    counted: int
    bound: int

    def held(self) -> int:
        """Return the bytes held now; takes a microsecond."""


class ClientMemory:
    """The sum of the memory of all holders, in bytes.

    `live` may be too high, since sent output is not reported; it is exact when a holder is closed.
    At the bound, holders of the client that holds most are closed, largest first. `ending` is what
    those held, until they are removed after a turn or two of the event loop.
    """

    def __init__(self) -> None:
        self.live = self.ending = 0
        self._live: dict[Holder, Callable[[], None]] = {}
        self._ending: set[Holder] = set()

    def add(self, holder: Holder, bound: int, end: Callable[[], None]) -> None:
        """Add a holder. bound: maximum for all holders together; end: closes this holder."""
        holder.counted, holder.bound = 0, bound
        self._live[holder] = end
        self.count(holder)

    def count(self, holder: Holder) -> None:
        """Count a holder again; close holders if the sum exceeds the bound."""
        if holder in self._live:
            held = holder.held()
            self.live += held - holder.counted
            holder.counted = held
            if self.live > holder.bound:
                self._make_room(holder.bound)

    def remove(self, holder: Holder) -> None:
        """Remove a holder and its memory."""
        if self._live.pop(holder, None):
            self.live -= holder.counted
        elif holder in self._ending:
            self._ending.remove(holder)
            self.ending -= holder.counted

    def recount(self) -> int:
        """Count all holders again and return the sum."""
        for holder in self._live:
            holder.counted = holder.held()
        self.live = sum(holder.counted for holder in self._live)
        return self.live + self.ending

    def _make_room(self, bound: int) -> None:
        self.recount()
        for holder in self._largest_first():
            if self.live <= bound * KEPT:
                break
            self._warn(holder)
            self._ending.add(holder)
            self.live -= holder.counted
            self.ending += holder.counted
            self._live.pop(holder)()

    def _largest_first(self) -> Iterator[Holder]:
        """Yield, repeatedly, the largest holder of the client that holds most."""
        of_client: dict[str, list[Holder]] = defaultdict(list)
        for holder in sorted(self._live, key=lambda one: one.counted):
            of_client[holder.address].append(holder)
        clients = [(-sum(h.counted for h in held), client) for client, held in of_client.items()]
        heapify(clients)
        while clients:
            negative, client = heappop(clients)
            largest = of_client[client].pop()
            yield largest
            if of_client[client]:
                heappush(clients, (negative + largest.counted, client))

    def _warn(self, holder: Holder) -> None:
        if (others := _warnings.take("memory")) is not None:
            held = {"held": holder.counted, "of": self.live}
            log.warning(
                "connection aborted", reason="memory", client=holder.address, **held, others=others
            )


OF_PROCESS = ClientMemory()
Gauge(
    "client_memory_bytes", "Memory that clients hold in this process, on all ports, in bytes."
).set_function(OF_PROCESS.recount)
