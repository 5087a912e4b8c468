"""CPU of every process for one created user, from the request until both views show it.

After `make up`, on the stack as it is. Load: wrk on `POST /user`; then the bench waits until both
projectors have handled every created user and OpenSearch has refreshed. `--check` compares the
result with the last stored one, and stores nothing: exit code 1 if more than 10 % is lost.
"""

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import aiohttp
import uvloop

from chassis.process.interrupts import interruptible
from loadtest import cpu, pipeline_check, report, wrk
from loadtest.catch_up import PROJECTORS
from loadtest.creates import CREATE
from local_stack.addresses import Addresses, load

ACCEPTED = r'^commands_total{command="CreateUser",outcome="accepted"} (\S+)'
HANDLED = r"^projector_events_total{.*} (\S+)"
TIMEOUT = 300.0  # seconds until the views have every created user
PART = 2  # seconds of one run of wrk
WARM_UP = 5  # rounds; in their first 60,000 users three JVMs use half of their CPU to compile
REFRESH = 1.0  # seconds: twice the index's refresh interval
COLUMNS = "| created | a second | answered, a second | p50, ms | p95 | p99 | failed | µs |"
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Round:
    """One round of load: created users, the client's view, seconds, and microseconds of CPU."""

    created: int
    answered: Sequence[wrk.Answered]
    seconds: float
    each: cpu.Seconds
    """Program → microseconds of CPU for one created user."""

    @property
    def whole(self) -> float:
        return sum(self.each.values())

    def __str__(self) -> str:
        seen = [
            median(getattr(one, what) for one in self.answered)
            for what in ("rate", "p50", "p95", "p99")
        ]
        failed = sum(one.failed for one in self.answered)
        cells = (self.created, self.created / self.seconds, *seen, failed, self.whole)
        return "| " + " | ".join(f"{cell:.0f}" for cell in cells) + " |"


async def _count(url: str, pattern: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
        found = re.findall(pattern, await response.text(), re.MULTILINE)
    return int(sum(map(float, found)))


async def _counts(stack: Addresses) -> list[int]:
    """Return the users created by command-api, and the events handled by each projector."""
    created = _count(stack.admin["command-api"], ACCEPTED)
    handled = (_count(stack.admin[name], HANDLED) for name in PROJECTORS)
    return list(await asyncio.gather(created, *handled))


async def _arrived(stack: Addresses, before: Sequence[int]) -> int:
    """Return the number of created users, once both views have them."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            created, *handled = (
                now - then for now, then in zip(await _counts(stack), before, strict=True)
            )
            if min(handled) >= created:
                await asyncio.sleep(REFRESH)
                return created
            await asyncio.sleep(0.1)


def one_round(stack: Addresses, callers: int, users: int) -> Round:
    """Generate load, wait until it is in both views, and divide the CPU by the created users."""
    before, counts = cpu.used(stack.instance), uvloop.run(_counts(stack))
    began = time.perf_counter()
    answered = _load(stack, callers, counts[0] + users)
    created = uvloop.run(_arrived(stack, counts))
    took = time.perf_counter() - began - REFRESH
    spent = cpu.since(before, cpu.used(stack.instance))
    return Round(created, answered, took, {n: 1e6 * s / created for n, s in spent.items()})


def _load(stack: Addresses, callers: int, until: int) -> list[wrk.Answered]:
    """Create users until command-api has created this many since its start."""
    answered = []
    while uvloop.run(_counts(stack))[0] < until:
        answered.append(wrk.run(f"{stack.http['command-api']}/user", callers, PART, CREATE))
    return answered


def measure(stack: Addresses, callers: int, users: int, rounds: int) -> list[Round]:
    """Measure several rounds, after one of WARM_UP times the length in which the JVMs compile."""
    one_round(stack, callers, WARM_UP * users)
    return [one_round(stack, callers, users) for _ in range(rounds)]


def each(rounds: Sequence[Round]) -> dict[str, float]:
    """Return the microseconds of each program: medians of the rounds, the largest first."""
    names = rounds[0].each
    medians = {name: median(one.each.get(name, 0.0) for one in rounds) for name in names}
    return dict(sorted(medians.items(), key=lambda item: -item[1]))


def page(rounds: Sequence[Round], callers: int, now: datetime) -> str:
    """Return the result: a table of programs, and one of the rounds."""
    medians = each(rounds)
    return "\n".join(
        [
            report.heading("CPU of one created user, until both views show it", now),
            "",
            f"{callers} callers; medians of {len(rounds)} rounds; `a second`: into both views.",
            "Idle work of each program in that time is included.",
            f"Reference loop: {cpu.reference():.1f} ms.",
            "",
            "| program | µs of CPU |",
            "|---|---|",
            *(f"| {name} | {spent:.1f} |" for name, spent in medians.items()),
            f"| whole | {sum(medians.values()):.1f} |",
            "",
            COLUMNS,
            "|---|---|---|---|---|---|---|---|",
            *map(str, rounds),
            "",
        ]
    )


@interruptible()
def main() -> None:
    """Measure and print; then save the result, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--users", type=int, default=20_000, help="created in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="compare, and store nothing")
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    now = datetime.now(UTC)
    rounds = measure(load(wanted.instance), wanted.callers, wanted.users, wanted.rounds)
    text = page(rounds, wanted.callers, now)
    print(text)
    if wanted.check:
        sys.exit(pipeline_check.compare(text, pipeline_check.last(RESULTS)))
    (RESULTS / f"pipeline-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
