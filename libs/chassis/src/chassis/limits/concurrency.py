"""Concurrency limits for one kind of work, in total and for each caller (bulkheads).

Work beyond the limit waits in a bounded queue for each caller, and callers get free slots in turn
(fair queueing), as in Kubernetes' API Priority and Fairness:
https://kubernetes.io/docs/concepts/cluster-administration/flow-control/. So the queue of one caller
does not delay another.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from prometheus_client import Counter, Gauge

from chassis.problems import TooManyRequests, Unavailable

RUNNING = Gauge(
    "concurrency_limit_running", "Requests that hold a slot of a concurrency limit.", ["limit"]
)
WAITING = Gauge(
    "concurrency_limit_waiting", "Requests queued for a slot of a concurrency limit.", ["limit"]
)
REFUSED = Counter(
    "concurrency_limit_refused_total",
    "Requests refused by a concurrency limit: full, caller's share used, or timed out waiting.",
    ["limit", "reason"],
)
MAX_WAIT = 2.0  # seconds to wait for a slot; most callers have given up by then
RETRY_AFTER = 1  # seconds

current_caller: ContextVar[str] = ContextVar("current_caller", default="")
"""The caller of the request: a token's subject, or an address. Empty: the process itself."""


class ConcurrencyLimit:
    """Slots for one kind of work, and a queue of which one caller gets at most half.

    A caller may use all slots while no other caller waits. When others wait, they get the next free
    slots until the caller has at most half. Without a queue, one caller gets at most half of the
    slots.
    """

    def __init__(self, name: str, slots: int, queue: int = 0, max_wait: float = MAX_WAIT) -> None:
        """queue: maximum number of waiting requests; max_wait: maximum wait in seconds."""
        self._name = name
        self._slots, self._queue = slots, queue
        self._half = _half(slots)
        self._share = slots if queue else self._half
        self._bound = self._share + _half(queue)
        self._max_wait = max_wait
        RUNNING.labels(name), WAITING.labels(name)  # an alert reads them before the first wait
        self.running: Tally[str] = Tally()
        """Caller → the slots that it holds."""
        self._waiting: dict[str, dict[asyncio.Future[None], None]] = {}
        """Caller → its waiting requests, oldest first. The longest-waiting caller comes first."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not self.running and not self._waiting

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold a slot while the block runs.

        Raises before the block: Unavailable if all slots and the queue are full, or no slot became
        free in time; TooManyRequests if this caller has used its share of both.
        """
        caller = current_caller.get()
        if self._is_free(caller):
            self._begin(caller)
        else:
            await self._wait(caller)
        try:
            yield
        finally:
            self._end(caller)

    @contextmanager
    def slot_at_once(self) -> Iterator[None]:
        """As slot(), for a limit without a queue."""
        caller = current_caller.get()
        if not self._is_free(caller):
            self._check_bounds(caller)
        self._begin(caller)
        try:
            yield
        finally:
            self._end(caller)

    def _is_free(self, caller: str) -> bool:
        return self.running[caller] < self._share and self.running.total() < self._slots

    def _begin(self, caller: str) -> None:
        self.running[caller] += 1
        RUNNING.labels(self._name).inc()

    def _end(self, caller: str) -> None:
        self.running[caller] -= 1
        if not self.running[caller]:
            del self.running[caller]
        RUNNING.labels(self._name).dec()
        self._start_next()

    async def _wait(self, caller: str) -> None:
        self._check_bounds(caller)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, {})[turn] = None
        WAITING.labels(self._name).inc()
        try:
            async with asyncio.timeout(self._max_wait):
                await self._granted(caller, turn)
        except TimeoutError as error:
            raise self._unavailable("late", f"no free slot within {self._max_wait:g} s") from error

    def _check_bounds(self, caller: str) -> None:
        held = self.running[caller] + len(self._waiting.get(caller, ()))
        in_all = self.running.total() + sum(map(len, self._waiting.values()))
        if in_all >= self._slots + self._queue:
            raise self._unavailable("full", "too many requests of this kind are in progress")
        if held >= self._bound:
            REFUSED.labels(self._name, "share").inc()
            detail = f"this caller has {held} requests of this kind ({self._name}) in progress"
            raise TooManyRequests(detail, RETRY_AFTER, {})

    def _unavailable(self, reason: str, detail: str) -> Unavailable:
        REFUSED.labels(self._name, reason).inc()
        return Unavailable(f"{detail} ({self._name})")

    async def _granted(self, caller: str, turn: "asyncio.Future[None]") -> None:
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(caller, turn)
            else:  # granted at the same moment
                self._end(caller)
            raise

    def _start_next(self) -> None:
        found = self._next()
        if found is not None:
            caller, turn = found
            self._waiting[caller] = self._waiting.pop(caller)  # behind the other callers
            self._forget(caller, turn)
            self._begin(caller)
            turn.set_result(None)

    def _next(self) -> tuple[str, asyncio.Future[None]] | None:
        """Return the next caller for a free slot: first those with less than half of the slots."""
        found = None
        for caller, turns in self._waiting.items():
            turn = next((one for one in turns if not one.done()), None)
            if turn is not None and self._is_free(caller):
                found = found or (caller, turn)
                if self.running[caller] < self._half:
                    return caller, turn
        return found

    def _forget(self, caller: str, turn: "asyncio.Future[None]") -> None:
        turns = self._waiting[caller]
        del turns[turn]
        if not turns:
            del self._waiting[caller]
        WAITING.labels(self._name).dec()


class LimitByKey:
    """A concurrency limit of one slot for each key; idle keys take no memory."""

    def __init__(self, name: str, queue: int, max_wait: float = MAX_WAIT) -> None:
        """queue: maximum number waiting for one key; max_wait: see ConcurrencyLimit."""
        self._name, self._queue, self._max_wait = name, queue, max_wait
        self._limits: dict[str, ConcurrencyLimit] = {}

    @property
    def keys(self) -> set[str]:
        """The keys that are in use."""
        return set(self._limits)

    @asynccontextmanager
    async def slot(self, key: str) -> AsyncIterator[None]:
        """Hold the slot of a key while the block runs; raises as ConcurrencyLimit.slot does."""
        limit = self._limits.get(key)
        if limit is None:
            limit = ConcurrencyLimit(self._name, 1, self._queue, self._max_wait)
            self._limits[key] = limit
        try:
            async with limit.slot():
                yield
        finally:
            if limit.is_idle:
                self._limits.pop(key, None)


def _half(count: int) -> int:
    """Return half of the count, rounded up."""
    return (count + 1) // 2
