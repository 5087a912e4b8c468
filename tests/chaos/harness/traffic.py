"""Writers and readers that run through faults, and record the responses."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.chaos.harness.callers import Caller, Rejected, Seen, Uncertain
from tests.chaos.harness.population import Population
from tests.chaos.verdict.ledger import Command, Entry, Ledger, Request

AT_ONCE = 60  # requests; more are queued, so that an outage ends without a flood
GIVE_UP = 90.0  # seconds in which a request without a response is retried; longer than any fault
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0
READERS = 3
READ_EVERY = 0.04  # seconds between two reads of one reader
NOT_FOUND = {"404", "NOT_FOUND"}


class Traffic:
    """Load on the system; `chance` decides the commands, so that a seed repeats them."""

    def __init__(self, ledger: Ledger, callers: Sequence[Caller], chance: random.Random) -> None:
        self.population = Population()
        self.violations: list[str] = []
        self.may_go_back = False
        """A view that lost its data is older for a while; reads with a version never are."""
        self.reads = 0
        self._ledger = ledger
        self._callers = callers
        self._chance = chance
        self._number = 0
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.patience = GIVE_UP
        """Seconds in which a request without a response is retried."""
        self.stop = asyncio.Event()
        """No new requests are sent."""

    @asynccontextmanager
    async def running(self, rate: float) -> AsyncIterator[None]:
        """Send this many writes a second while the block runs; settle every request afterwards."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write(rate))
            for caller in self._callers:
                for _ in range(READERS):
                    group.create_task(self._read(caller))
                group.create_task(self._search(caller))
            try:
                yield
            finally:
                self.stop.set()

    async def _write(self, rate: float) -> None:
        async with asyncio.TaskGroup() as group:
            due = time.monotonic()
            while not self.stop.is_set():
                await self._slots.acquire()
                group.create_task(self._request()).add_done_callback(
                    lambda _: self._slots.release()
                )
                due = max(due + 1 / rate, time.monotonic() - 1)
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _request(self) -> None:
        request, caller = self.next_request(), self._chance.choice(self._callers)
        await self.settle(await self._ledger.sent(request), caller)

    def next_request(self) -> Request:
        """Return the next command of the seed."""
        self._number += 1
        key = f"{self._ledger.run}-{self._number}"
        commands: list[Command] = ["create", "rename", "delete"]
        command = self._chance.choices(commands, [35, 58, 7])[0]
        user = None
        if command != "create":
            choose = self.population.doom if command == "delete" else self.population.pick
            user = choose(self._chance)
        if user is None:
            letters = "".join(self._chance.choices("bcdfghjklmnpqrstvwxz", k=12))
            return Request(key, "create", last_name=letters)
        is_strict = command == "rename" and self._chance.random() < 0.7
        return Request(key, command, user, self.population.versions[user] if is_strict else None)

    async def settle(self, entry: Entry, caller: Caller) -> None:
        """Retry it until its outcome is known, with the same key each time."""
        pause, began = FIRST_PAUSE, time.monotonic()
        while not await self.attempt(entry, caller) and time.monotonic() - began < self.patience:
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, LONGEST_PAUSE)
        await self._ledger.settled(entry)

    async def attempt(self, entry: Entry, caller: Caller) -> bool:
        """Send a request once; return whether its outcome is known now."""
        request = entry.request
        try:
            seen = await caller.command(request)
        except Uncertain as problem:
            entry.was_unknown, entry.code = True, problem.code
            return False
        except Rejected as problem:
            entry.code = problem.code
            # Erased with its key after an attempt without a response: it may have taken effect.
            is_open = entry.was_unknown and problem.code in NOT_FOUND
            entry.outcome = "unknown" if is_open else "rejected"
            return True
        entry.outcome, entry.code = "acknowledged", "ok"
        entry.user, entry.version = request.user or seen.id, seen.version
        entry.created_at = seen.created_at
        self.population.learn(entry)
        return True

    async def _read(self, caller: Caller) -> None:
        """Read in one session; no user's version may decrease in it."""
        session: dict[str, int] = defaultdict(int)
        while not self.stop.is_set():
            await asyncio.sleep(READ_EVERY)
            if (user := self.population.pick(random.Random())) is None:
                continue
            wanted = random.choice([None, self.population.versions[user]])
            try:
                seen = await caller.get(user, wanted)
            except Uncertain:
                continue
            except Rejected:
                self._missing(session, user, wanted)
                continue
            self._seen(session, seen, wanted, "query-api")

    async def _search(self, caller: Caller) -> None:
        session: dict[str, int] = defaultdict(int)
        while not self.stop.is_set():
            await asyncio.sleep(5 * READ_EVERY)
            if (user := self.population.pick(random.Random())) is None:
                continue
            try:
                found = await caller.search(self.population.last_names[user])
            except (Uncertain, Rejected):
                continue
            for seen in found:
                self._seen(session, seen, None, "search-api")

    def _seen(self, session: dict[str, int], seen: Seen, wanted: int | None, where: str) -> None:
        self.reads += 1
        if wanted is not None and seen.version < wanted:
            self.violations.append(f"I7 {where}: {seen.id} at {seen.version}, requested {wanted}")
        if seen.version < session[seen.id] and not self.may_go_back:
            self.violations.append(
                f"I6 {where}: {seen.id} went from {session[seen.id]} to {seen.version}"
            )
        session[seen.id] = max(seen.version, session[seen.id])

    def _missing(self, session: dict[str, int], user: str, wanted: int | None) -> None:
        if user in self.population.doomed:
            return
        if wanted is not None:
            self.violations.append(f"I7 query-api: {user} is missing, requested {wanted}")
        if session[user] and not self.may_go_back:
            self.violations.append(f"I6 query-api: {user} was at {session[user]} and is missing")
