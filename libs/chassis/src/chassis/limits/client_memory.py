"""Memory that clients make this process hold: one sum for all ports, and a bound for it.

Counted is what a client's connection holds: input that is not read, unfinished and queued requests,
header tables, messages and bodies of running calls, output that the client does not take (what is
in the event loop's write buffers; the kernel's are bounded by the kernel), and a flat cost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Protocol

import structlog
from prometheus_client import Gauge

from chassis.observability.log_limit import LogLimit

# What things cost in bytes of RSS on CPython 3.11, by loadtest/client_memory.py (decision 0047):
HTTP1_CONNECTION = 10_000
REQUEST = 10_000  # a request over HTTP/1.1 that is handled
QUEUED = 1_500  # such a request that waits for others, besides its bytes
LINE = 200  # a line of its headers, besides its bytes
PARSED = 2  # times its bytes: as they came, and as texts
BODY_COPIES = 2  # of a body that is handled: as it was read, and as it is kept
PIECE = 120  # a part of a body that nobody has read, besides its bytes
HTTP2_CONNECTION = 13_000
CALL = 12_500  # a call over gRPC: its task, streams and events
COPIES = 2  # of a message that waits to be sent: encoded, and framed

STEP = 4_096  # bytes of output that are counted at once; flat costs have room for them
KEPT = 7 / 8  # of the bound when room was made, so that it is not made for each byte
WARN_EVERY = 10.0  # seconds between two warnings
log = structlog.get_logger()
_warnings = LogLimit(WARN_EVERY)


class Holder(Protocol):
    """What holds memory for one client; `counted` and `bound` belong to the account."""

    address: str
    counted: int
    bound: int

    def held(self) -> int:
        """Bytes held now; takes a microsecond."""


class ClientMemory:
    """An account of what holders hold, in bytes.

    `live` may be more than is held, as output leaves without a word; it is exact when somebody is
    ended. At the bound holders end of the client that holds most, the largest first. `ending` is
    what they held, until they are removed: a turn or two of the event loop.
    """

    def __init__(self) -> None:
        self.live = self.ending = 0
        self._live: dict[Holder, Callable[[], None]] = {}
        self._ending: set[Holder] = set()

    def add(self, holder: Holder, bound: int, end: Callable[[], None]) -> None:
        """A client has come: `bound` is what all together may hold, `end` takes all from it."""
        holder.counted, holder.bound = 0, bound
        self._live[holder] = end
        self.count(holder)

    def count(self, holder: Holder) -> None:
        """A holder may hold more than before; ends holders where that is beyond the bound."""
        if holder in self._live:
            held = holder.held()
            self.live += held - holder.counted
            holder.counted = held
            if self.live > holder.bound:
                self._make_room(holder.bound)

    def remove(self, holder: Holder) -> None:
        """A holder is gone, and all that it held."""
        if self._live.pop(holder, None):
            self.live -= holder.counted
        elif holder in self._ending:
            self._ending.remove(holder)
            self.ending -= holder.counted

    def recount(self) -> int:
        """All that is held now."""
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
        """The largest holder of the client that holds most, again and again."""
        of_client: dict[str, list[Holder]] = defaultdict(list)
        for holder in sorted(self._live, key=lambda one: one.counted):
            of_client[holder.address].append(holder)
        clients = [(-sum(h.counted for h in held), who) for who, held in of_client.items()]
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
