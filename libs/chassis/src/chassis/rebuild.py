"""Bring another generation of a view to the log's end beside the one that serves, and switch.

The order keeps two promises to readers: none fails, and no version goes back. Once the new
generation has caught up, the running projectors write each change to it first and to the old one
second; only then, and when it holds all that the old one does, it serves. For a while after that
the rebuild goes on writing, until every projector has met the switch.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import stamina
from aiokafka.admin import AIOKafkaAdminClient

from chassis import kafka_places
from chassis.generations import Generations, NotDone, Orders, State
from chassis.kafka_bounds import bounded
from chassis.kafka_connections import Brokers
from chassis.kafka_consumer import KafkaConsumer
from chassis.kafka_places import Ends, Log
from chassis.problems import Unavailable
from chassis.projection import Record
from chassis.projector import Projection

LOOK = 1.0  # seconds between two looks at how far it is
TELL = 5.0  # seconds between two lines about it
OVER = 30.0  # seconds over which the rate is taken
SETTLE = 3.0  # seconds in which every projector and reader meets a change of the state
LEAVE = 10.0  # seconds for the last batch and for leaving the group
MEMBERS = 5  # place in Kafka's description of a group
AWAY = 60.0  # seconds that a store or Kafka may be away before the rebuild gives up
ALONE = 15.0  # seconds for a rebuild that was killed to be missed by Kafka, after 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for."""

    back: bool = False
    """To the generation before, in the place of a new one."""
    restart: bool = False
    """Not going on where an interrupted rebuild stopped."""
    accept_dead_letters: bool = False
    """Switching although some records could not be applied."""


async def run(projection: Projection, wish: Wish, say: Callable[[str], None]) -> None:
    """Rebuild and switch, telling how it goes; raises NotDone, Unavailable.

    Interrupted anywhere, it may be run again, and goes on where it stopped.
    """
    group = f"{projection.group}-rebuild"
    await _alone(projection.brokers, group)
    before, target = await _begin(projection, wish)
    say(f"generation {before.serving} serves; building {target}")
    letters = _Counted(before.dead_letters)
    filling = replace(projection, group=group, dead_letters=letters)
    async with (
        kafka_places.opened(projection.brokers, projection.topic) as log,
        _running(KafkaConsumer(filling, _always(Orders(target)))) as consuming,
    ):
        fill = _Fill(projection.generations, target, log, letters, consuming, say)
        await fill.catch_up()
        if letters.count and not wish.accept_dead_letters:
            raise NotDone(
                f"not switched: {letters} could not be applied; look at `dead-letters list`, and"
                " switch all the same by `rebuild --accept-dead-letters`"
            )
        await projection.generations.note({"leading": target})
        await asyncio.sleep(SETTLE)
        await fill.catch_up()
        began = time.perf_counter()
        await projection.generations.switch(before.serving, target)
        say(f"generation {target} serves, switched in {time.perf_counter() - began:.3f} s")
        await asyncio.sleep(SETTLE)
    await _tidy(projection, say)


async def _begin(projection: Projection, wish: Wish) -> tuple[State, str]:
    """The state, and the generation to build, noted there."""
    generations = projection.generations
    state = await generations.state()
    if wish.back:
        if state.previous is None:
            raise NotDone("there is no generation before the one that serves")
        if state.building != state.previous:  # an unfinished rebuild is given up
            await generations.note({"building": state.previous, "dead_letters": None})
        return await generations.state(), state.previous
    going_on = state.building not in {None, state.previous} and not wish.restart
    if not going_on:
        await generations.note(
            dict.fromkeys(("building", "leading", "done", "total", "dead_letters"))
        )
        await _drop(projection, {state.serving, state.previous})
        state = await generations.state()
        await generations.add(str(max(map(int, state.kept)) + 1))
    state = await generations.state()
    if state.building is None:
        raise NotDone("somebody else has ended the rebuild")
    return state, state.building


async def _tidy(projection: Projection, say: Callable[[str], None]) -> None:
    state = await projection.generations.state()
    for generation in await _drop(projection, {state.serving, state.previous, state.building}):
        say(f"generation {generation} is removed")
    say(f"generation {state.previous} is kept for `rebuild --back`; deletions still reach it")


async def _drop(projection: Projection, wanted: set[str | None]) -> list[str]:
    state = await projection.generations.state()
    unwanted = sorted(state.kept - wanted)
    for generation in unwanted:
        await projection.generations.drop(generation)
    return unwanted


@dataclass
class _Counted:
    """Counts dead letters in the place of a topic: that of the running projector has them."""

    count: int
    reasons: Counter[str] = field(default_factory=Counter)

    async def put(self, letters: Sequence[tuple[Record, str]]) -> None:
        self.count += len(letters)
        self.reasons.update(reason.partition(":")[0] for _, reason in letters)

    def __str__(self) -> str:
        reasons = ", ".join(f"{n} {reason}" for reason, n in self.reasons.most_common(3))
        return f"{self.count} records ({reasons or 'in an earlier run'})"


@dataclass
class _Fill:
    """How far the building generation is: noted in the store, and told."""

    generations: Generations[Any]
    target: str
    log: Log
    letters: _Counted
    consuming: "asyncio.Task[None]"
    say: Callable[[str], None]
    seen: deque[tuple[float, int]] = field(default_factory=deque)

    async def catch_up(self) -> None:
        """Return when all is handled that was on the log a look ago."""
        ends, told_at = await self.log.ends(), time.monotonic()
        while True:
            await asyncio.sleep(LOOK)
            if self.consuming.done():
                await self.consuming  # raises what ended it
            done, total, ends = await self._look(ends)
            if done == total or time.monotonic() - told_at > TELL:
                self.say(self._line(done, total))
                told_at = time.monotonic()
            if done == total:
                return

    @stamina.retry(on=Unavailable, attempts=None, timeout=AWAY)
    async def _look(self, ends: Ends) -> tuple[int, int, Ends]:
        """Records handled as if the log had ended there, of how many; and where it ends now."""
        places = (await self.log.places(self.generations.views(self.target), ends)).values()
        total = sum(place.end - place.first for place in places)
        behind = any(place.lag for place in places)
        # The view may be past where the log ended a look ago.
        read = sum(min(place.offset, place.end) - place.first for place in places)
        done = read if behind else total
        await self._note(done, total)
        return done, total, await self.log.ends()

    async def _note(self, done: int, total: int) -> None:
        now = time.monotonic()
        self.seen.append((now, done))
        while now - self.seen[0][0] > OVER:
            self.seen.popleft()
        await self.generations.note(
            {"done": done, "total": total, "dead_letters": self.letters.count}
        )

    def _line(self, done: int, total: int) -> str:
        (began, first), (now, last) = self.seen[0], self.seen[-1]
        rate = (last - first) / (now - began) if now > began else 0.0
        left = f"{(total - done) / rate:,.0f} s left" if rate else "time left unknown"
        told = f"generation {self.target}: {done:,} of {total:,} records, {rate:,.0f} a second"
        return f"{told}, {left if done < total else 'caught up'}"


def _always(orders: Orders) -> Callable[[], Awaitable[Orders]]:
    async def told() -> Orders:
        return orders

    return told


@asynccontextmanager
async def _running(consumer: KafkaConsumer) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(consumer.serve())
    try:
        yield task
    finally:
        with suppress(TimeoutError):  # asked first: aiokafka may swallow a cancellation
            async with asyncio.timeout(LEAVE):
                await consumer.drain()
        task.cancel()
        await asyncio.wait([task], timeout=LEAVE)


async def _alone(brokers: Brokers, group: str) -> None:
    """Return when nobody else rebuilds; raises NotDone."""
    admin = AIOKafkaAdminClient(**brokers.aiokafka())
    end = time.monotonic() + ALONE
    try:
        async with bounded(2 * ALONE):
            await admin.start()
            while await _members(admin, group):
                if time.monotonic() > end:
                    raise NotDone("another rebuild is running")
                await asyncio.sleep(LOOK)
    finally:
        await admin.close()


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    responses = await admin.describe_consumer_groups([group])
    return sum(len(described[MEMBERS]) for response in responses for described in response.groups)
