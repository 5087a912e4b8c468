"""How far a rebuild is."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import stamina

from chassis.problems import Unavailable
from projections.generations import Generations
from projections.kafka.positions import Ends, TopicReader
from projections.rebuild.counted_dead_letters import CountedDeadLetters

POLL_EVERY = 1.0  # seconds between two polls of the progress
REPORT_EVERY = 5.0  # seconds between two lines of progress
RATE_WINDOW = 30.0  # seconds over which the rate is averaged
RETRY_FOR = 60.0  # seconds that a store or Kafka may be unavailable before the rebuild gives up


@dataclass
class RebuildProgress:
    """Progress of the building generation: stored with the view, and printed by `report`."""

    generations: Generations[Any]
    target: str
    log: TopicReader
    dead_letters: CountedDeadLetters
    consuming: "asyncio.Task[None]"
    report: Callable[[str], None]
    seen: deque[tuple[float, int]] = field(default_factory=deque)

    async def catch_up(self) -> None:
        """Return when all records are processed that the topic had at the last poll."""
        ends, reported_at = await self.log.ends(), time.monotonic()
        while True:
            await asyncio.sleep(POLL_EVERY)
            if self.consuming.done():
                await self.consuming  # raises what ended it
            done, total, ends = await self._poll(ends)
            if done == total or time.monotonic() - reported_at > REPORT_EVERY:
                self.report(self._line(done, total))
                reported_at = time.monotonic()
            if done == total:
                return

    @stamina.retry(on=Unavailable, attempts=None, timeout=RETRY_FOR)
    async def _poll(self, ends: Ends) -> tuple[int, int, Ends]:
        """Return processed and total records relative to these ends, and the current ends."""
        places = (await self.log.places(self.generations.views(self.target), ends)).values()
        total = sum(place.end - place.first for place in places)
        behind = any(place.lag for place in places)
        # The view may be past the ends of the last poll.
        read = sum(min(place.offset, place.end) - place.first for place in places)
        done = read if behind else total
        await self._note(done, total)
        return done, total, await self.log.ends()

    async def _note(self, done: int, total: int) -> None:
        now = time.monotonic()
        self.seen.append((now, done))
        while now - self.seen[0][0] > RATE_WINDOW:
            self.seen.popleft()
        await self.generations.note(
            {"done": done, "total": total, "dead_letters": self.dead_letters.count}
        )

    def _line(self, done: int, total: int) -> str:
        (began, first), (now, last) = self.seen[0], self.seen[-1]
        rate = (last - first) / (now - began) if now > began else 0.0
        left = f"{(total - done) / rate:,.0f} s left" if rate else "time left unknown"
        text = f"generation {self.target}: {done:,} of {total:,} records, {rate:,.0f} per second"
        return f"{text}, {left if done < total else 'caught up'}"
