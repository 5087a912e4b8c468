"""A row of the fault matrix: load, a fault, and the invariants after both."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.chaos.harness import leaks, topic
from tests.chaos.harness.balancer import Balancer
from tests.chaos.harness.callers import Caller
from tests.chaos.harness.grpc_caller import GrpcCaller
from tests.chaos.harness.http_caller import HttpCaller
from tests.chaos.harness.replicas import Replicas
from tests.chaos.harness.traffic import Traffic
from tests.chaos.verdict import oracle
from tests.chaos.verdict.ledger import Ledger
from tests.chaos.verdict.outcome_table import Line

RATE = 40.0  # writes a second; two cores sustain that and all the servers
WARM = 60  # acknowledged writes before a fault begins
WARM_WITHIN = 60.0
HEAL_WITHIN = 120.0  # seconds; on a busy machine a server alone takes 20 to restart
SHOWN = 12
# Never a valid response, whatever fails: a bug, or a client that waited beyond its deadline.
UNHEARD_OF = {"400", "415", "500", "502", "504", "INTERNAL", "UNKNOWN", "TimeoutError"}


@dataclass
class Scenario:
    """A test's access to load and faults."""

    stack: Addresses
    chance: random.Random
    traffic: Traffic
    ledger: Ledger
    callers: Sequence[Caller]
    apis: Sequence[Balancer]
    since: dict[int, int]
    minutes: float

    def codes(self) -> Counter[str]:
        """Return how often each response code was received."""
        return sum((caller.codes for caller in self.callers), Counter())

    def rounds(self, in_ten_minutes: float) -> int:
        """Return how often to inject a fault, in a run of the requested duration."""
        return max(1, round(in_ten_minutes * self.minutes / 10))

    def sample(self, things: Sequence[str], count: int) -> list[str]:
        """Return a sample without repetition, until all were taken."""
        chosen: list[str] = []
        while len(chosen) < count:
            chosen += self.chance.sample(things, len(things))
        return chosen[:count]

    async def writes(self, more: int) -> None:
        """Return when this many more requests were acknowledged."""
        wanted = sum(1 for _ in self.ledger.acknowledged()) + more

        async def reached() -> None:
            assert sum(1 for _ in self.ledger.acknowledged()) >= wanted

        await eventually(reached, within=WARM_WITHIN, every=0.2)

    async def silence(self) -> None:
        """End the load; return when every request has its outcome, and both views show it."""
        self.traffic.stop.set()

        async def settled() -> None:
            assert all(e.outcome != "unknown" or e.code for e in self.ledger.entries)

        async def is_reported() -> None:
            assert not (await oracle.views_and_truth(self.stack, self.ledger)).wrong

        await eventually(settled, within=WARM_WITHIN, every=0.2)
        await eventually(is_reported, within=HEAL_WITHIN, every=0.5)


@dataclass
class Chaos:
    """State that all scenarios share."""

    stack: Addresses
    replicas: Replicas
    seed: int
    minutes: float
    ledgers: Path
    lines: list[Line] = field(default_factory=list)

    @asynccontextmanager
    async def scenario(
        self, fault: str, rate: float = RATE, *, may_go_back: bool = False
    ) -> AsyncIterator[Scenario]:
        """Run load during the block; afterwards the system must heal, and every invariant hold."""
        name = fault.split(maxsplit=1)[0].rstrip(":")
        apis = self.replicas.balancers()
        callers: list[Caller] = [HttpCaller(*apis), GrpcCaller(*apis)]
        chance = random.Random(f"{self.seed} {name}")
        ledger = Ledger(self.ledgers / f"{name}.jsonl")
        traffic = Traffic(ledger, callers, chance)
        traffic.may_go_back = may_go_back
        since = await topic.ends(self.stack)
        scenario = Scenario(self.stack, chance, traffic, ledger, callers, apis, since, self.minutes)
        try:
            async with traffic.running(rate):
                await scenario.writes(WARM)
                before = leaks.held(self.replicas.instance)
                yield scenario
                ended = time.monotonic()
        finally:
            await asyncio.gather(*(caller.close() for caller in callers))
            ledger.close()
        await self._judge(fault, scenario, ended, before)

    async def _judge(
        self, fault: str, scenario: Scenario, ended: float, before: dict[int, leaks.Held]
    ) -> None:
        await self.replicas.healthy()
        verdict = await self._settled(scenario.ledger)
        healed = time.monotonic() - ended
        published = await oracle.published(self.stack, scenario.ledger, scenario.since)
        wrong = [
            *verdict.wrong,
            *published.wrong,
            *scenario.traffic.violations,
            *leaks.grown(before, leaks.held(self.replicas.instance)),
            *_unheard_of(scenario.codes()),
        ]
        self.lines.append(_line(fault, scenario, verdict, published, healed))
        assert not wrong, "\n".join([f"{len(wrong)} violations", *wrong[:SHOWN]])

    async def _settled(self, ledger: Ledger) -> oracle.Verdict:
        """Return the verdict once the views have caught up, or when the time is over."""

        async def judged() -> oracle.Verdict:
            verdict = await oracle.views_and_truth(self.stack, ledger)
            late = [line for line in verdict.wrong if line.startswith("I5")]
            assert not late or late != verdict.wrong  # other violations do not heal
            return verdict

        try:
            return await eventually(judged, within=HEAL_WITHIN, every=0.5)
        except AssertionError:
            return await oracle.views_and_truth(self.stack, ledger)


def _unheard_of(codes: Counter[str]) -> list[str]:
    return [f"{n} times {code}" for code, n in codes.items() if code.split()[0] in UNHEARD_OF]


def _line(
    fault: str,
    scenario: Scenario,
    verdict: oracle.Verdict,
    published: oracle.Verdict,
    healed: float,
) -> Line:
    outcomes = Counter(entry.outcome for entry in scenario.ledger.entries)
    return Line(
        fault,
        len(scenario.ledger.entries),
        outcomes["acknowledged"],
        outcomes["rejected"],
        sum(entry.was_unknown for entry in scenario.ledger.entries),
        verdict.lost,
        verdict.duplicated,
        published.repeated,
        scenario.traffic.reads,
        f"{healed:.1f} s" if not verdict.wrong else "never",
    )
