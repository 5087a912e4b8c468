"""Performance targets, measured one after the other on the running system, on one page.

After `make up` and `make seed USERS=…`. A missed target is reported, and is not an error: ratios
count, and machines differ. Takes 15 minutes.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import uvloop

from chassis.process.interrupts import interruptible
from loadtest import catch_up, creates, freshness, grpc_reads, reads, report, search
from local_stack.addresses import Addresses, load

ROUNDS, SECONDS = 5, 2
EVENTS = 200_000  # of each backlog
CALLERS = 50  # concurrent searches


@dataclass(frozen=True, slots=True)
class Target:
    """A target and its measurement, with the direction that is better."""

    what: str
    unit: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_kept(self) -> bool:
        return (self.at_least is None or self.measured >= self.at_least) and (
            self.at_most is None or self.measured <= self.at_most
        )

    def __str__(self) -> str:
        wanted = f"≥ {self.at_least:g}" if self.at_most is None else f"≤ {self.at_most:g}"
        kept = "yes" if self.is_kept else "**no**"
        return f"| {self.what} | {wanted} | {self.measured:.4g} {self.unit} | {kept} |"


Bench = Iterator["Target | str"]
"""Targets, and finally the benchmark's own page."""


def of_reads(stack: Addresses, now: datetime) -> Bench:
    found = reads.measure(stack, ROUNDS, SECONDS)
    for one in found:
        bare, ours = one.rates
        least = 0.45 if one.read.script else 0.6
        yield Target(f"{one.read.what}, {one.read.callers} callers", "of bare", ours / bare, least)
        yield Target(f"{one.read.what}, {one.read.callers} callers", "failed", one.failed, None, 0)
    yield reads.page(found, ROUNDS, SECONDS, now)


def of_grpc(stack: Addresses, now: datetime) -> Bench:
    found = grpc_reads.measure(stack, grpc_reads.sides(stack), ROUNDS, SECONDS)
    get, on_h2, two, ready, _, encoded, *_ = found
    yield Target("`Get` over gRPC", "calls a CPU second", get.calls_a_cpu_second, 2500)
    yield Target("the same", "of h2's rate", get.calls_a_cpu_second / on_h2.calls_a_cpu_second, 2)
    yield Target("the same, two processes on one port", "of one", two.rate / get.rate, 1.2)
    yield Target("`List` of 50 over gRPC", "of encoding each time", ready.rate / encoded.rate, 3)
    yield grpc_reads.page(found, ROUNDS, SECONDS, now)


def of_search(stack: Addresses, now: datetime) -> Bench:
    users, found = search.measure(stack, CALLERS, ROUNDS, SECONDS)
    ours, design, plain = found
    yield Target(f"search-api, {CALLERS} callers, p95", "ms", ours.p95, None, 50)
    yield Target("its query", "of the wildcard query", design.rate / plain.rate, 3)
    how = f"{CALLERS} callers; medians of {ROUNDS} rounds of {SECONDS} s"
    yield search.page(found, users, how, now)


def of_delay(stack: Addresses, now: datetime) -> Bench:
    at_rest = report.resident(stack.instance)
    calm = uvloop.run(freshness.measure(stack, 50, 60))
    query, found = (quantiles(times, n=100) for times in (calm.in_query, calm.in_search))
    yield Target("50 creates/s → Redis, p50", "ms", 1000 * query[49], None, 80)
    yield Target("50 creates/s → Redis, p99", "ms", 1000 * query[98], None, 400)
    yield Target("50 creates/s → search, p95", "ms", 1000 * found[94], None, 800)
    yield report.render("50 creates/s for 60 s", now, calm.rows(), at_rest)
    busy = uvloop.run(freshness.measure(stack, 1000, 30))
    late = quantiles(busy.in_query, n=100)
    yield Target("1,000 creates/s → Redis, p99", "ms", 1000 * late[98], None, 2000)
    yield report.render("1,000 creates/s for 30 s", now, busy.rows(), at_rest)


def of_creates(stack: Addresses, now: datetime) -> Bench:
    found = creates.measure(stack, ROUNDS, SECONDS)
    for callers, least in ((1, 1.0), (64, 4.0)):
        (one,) = (one for one in found if one.callers == callers)
        each, shared = one.rates
        what = f"`POST /user`, {callers} callers"
        yield Target(what, "of one INSERT each", shared / each, least)
        yield Target(f"{what}, p95", "ms", one.p95, None, 25)
    yield creates.page(found, ROUNDS, SECONDS, now)


def of_catching_up(stack: Addresses, now: datetime) -> Bench:
    found = uvloop.run(catch_up.measure(stack, EVENTS))
    wanted = {("redis-projector", 5): 40_000, ("redis-projector", 1): 20_000}
    for one in found:
        least = wanted.get((one.projector, one.each), 5000)
        yield Target(f"{one.projector}, {one.each} events per user", "events/s", one.rate, least)
    yield catch_up.page(found, now)


BENCHES: list[Callable[[Addresses, datetime], Bench]] = [
    of_reads,
    of_grpc,
    of_search,
    of_delay,
    of_creates,
    of_catching_up,
]


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instance", default="dev")
    stack, now = load(parser.parse_args().instance), datetime.now(UTC)
    targets, pages = [], []
    for bench in BENCHES:
        for line in bench(stack, now):
            print(line, flush=True)
            if isinstance(line, Target):
                targets.append(line)
            else:
                pages.append(line)
    table = ["| | target | measured | met |", "|---|---|---|---|", *map(str, targets)]
    text = "\n".join([report.heading("Targets", now), "", *table, "", *pages])
    (Path(__file__).parent / "results" / f"bench-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
