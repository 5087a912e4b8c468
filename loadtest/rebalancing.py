"""Cost of a rebalance: how long partitions pause when a projector starts, stops or dies.

After `make up`, under a steady load: `standstill` is the longest time in which a partition's offset
did not move although it had unread records.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from redis.asyncio import Redis

from chassis.stores.kafka import Brokers
from eventstore.ids import utc_now, uuid7
from loadtest import scaling_projectors
from loadtest.catch_up import TOPIC, _insert
from loadtest.reads import BIN
from loadtest.seed import stored
from local_stack.addresses import Addresses
from projections.kafka import positions
from projections.kafka.topic_identity import TopicIdentity
from projections.redis.layout import RedisLayout
from projections.redis.views import RedisViews

AT_ONCE, EVERY = 100, 0.1  # users, seconds: 1,000 events a second
SETTLED = 20.0  # seconds before a change and after it: longer than Kafka's session timeout of 10 s
POLL_EVERY = 0.02  # seconds


@dataclass
class Watched:
    """The longest standstill of each partition, in seconds."""

    since: dict[int, float] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    longest: dict[int, float] = field(default_factory=dict)

    def see(self, now: float, offsets: dict[int, int], ends: dict[int, int]) -> None:
        for partition, offset in offsets.items():
            has_moved = offset != self.offsets.get(partition)
            if has_moved or offset >= ends[partition] - 1:  # a transaction marker is no record
                self.since[partition] = now
            still = now - self.since.setdefault(partition, now)
            self.longest[partition] = max(self.longest.get(partition, 0.0), still)
        self.offsets = offsets


@asynccontextmanager
async def load(stack: Addresses) -> AsyncIterator[None]:
    async def insert() -> None:
        async with stored(stack) as store:
            due = time.monotonic()
            while True:
                now = utc_now()
                await _insert(store, [uuid7(now) for _ in range(AT_ONCE)], 1)
                due += EVERY
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    inserting = asyncio.create_task(insert())
    try:
        yield
    finally:
        inserting.cancel()


async def watched(stack: Addresses, change: Callable[[], Awaitable[None]]) -> Watched:
    """Watch from a moment before the change until long after it."""
    found = Watched()
    brokers = Brokers(stack.kafka_bootstrap)
    over = asyncio.Event()

    async def poll() -> None:
        log_id = await TopicIdentity(brokers, TOPIC).id()
        async with (
            Redis.from_url(stack.redis_url) as redis,
            positions.opened(brokers, TOPIC) as log,
        ):
            views = RedisViews(redis, RedisLayout("users"), "1")
            while not over.is_set():
                ends = {tp.partition: end for tp, end in (await log.ends()).items()}
                held = await views.offsets(log_id, list(ends))
                found.see(time.monotonic(), {p: at or 0 for p, at in held.items()}, ends)
                await asyncio.sleep(POLL_EVERY)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(poll())
        await asyncio.sleep(2)
        await change()
        await asyncio.sleep(SETTLED)
        over.set()
    return found


async def measure_all(stack: Addresses) -> list[str]:
    """Start a second projector, stop it gracefully, start it again, and kill it."""
    second: list[asyncio.subprocess.Process] = []

    async def start() -> None:
        settings = scaling_projectors.settings(stack, TOPIC, 0)
        second.append(await asyncio.create_subprocess_exec(BIN / "redis-projector", env=settings))

    async def end(how: signal.Signals) -> None:
        second[-1].send_signal(how)
        await second[-1].wait()

    async def nothing() -> None: ...

    changes: list[tuple[str, Callable[[], Awaitable[None]]]] = [
        ("no change", nothing),
        ("a second process starts", start),
        ("it stops gracefully (SIGTERM)", lambda: end(signal.SIGTERM)),
        ("it starts again", start),
        ("it is killed (SIGKILL)", lambda: end(signal.SIGKILL)),
    ]
    rows = []
    async with load(stack):
        await asyncio.sleep(3)
        for what, change in changes:
            longest = sorted((await watched(stack, change)).longest.values(), reverse=True)
            rows.append(f"| {what} | " + " | ".join(f"{one:.2f}" for one in longest) + " |")
    return rows


HEADER = ("| | standstill of each partition, s, longest first | | | |", "|---|---|---|---|---|")
