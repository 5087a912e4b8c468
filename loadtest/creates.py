"""`POST /user`: creates that share a transaction, compared with one INSERT each, on one MySQL.

After `make up`, with the whole pipeline running. One process of each, with the settings of the
stack but for its ports. They stay durable: sync_binlog=1, innodb_flush_log_at_trx_commit=1.
"""

import argparse
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

from chassis.process.interrupts import interruptible
from loadtest import report, wrk
from loadtest.reads import BIN, HERE, OURS, Served, got, process, served, settings
from local_stack.addresses import Addresses, load

CALLERS = (1, 16, 64, 256)
COLUMNS = (
    "| callers | one INSERT each | sharing a transaction | ratio "
    "| CPU: one each | sharing | p95, ms: sharing | failed |"
)
CREATE = """
wrk.method = "POST"
wrk.body = '{"first_name": "Group", "last_name": "Commit"}'
wrk.headers["Content-Type"] = "application/json"
"""
URL = f"http://127.0.0.1:{OURS}"


@dataclass(frozen=True, slots=True)
class Compared:
    """Rounds of both variants with this many callers."""

    callers: int
    one_each: list[Served] = field(default_factory=list)
    shared: list[Served] = field(default_factory=list)

    @property
    def rates(self) -> tuple[float, float]:
        """Return creates per second: one INSERT each, and sharing."""
        each, shared = (median(a.seen.rate for a in side) for side in (self.one_each, self.shared))
        return each, shared

    @property
    def p95(self) -> float:
        """Return the 95th percentile of the sharing variant, in milliseconds."""
        return median(one.seen.p95 for one in self.shared)

    def __str__(self) -> str:
        one, shared = self.rates
        failed = sum(each.seen.failed for each in self.shared + self.one_each)
        spent = (median(each.cpu for each in side) for side in (self.one_each, self.shared))
        return (
            f"| {self.callers} | {one:.0f} | {shared:.0f} | {shared / one:.1f} "
            f"| {' | '.join(f'{cpu:.0f}' for cpu in spent)} | {self.p95:.1f} | {failed} |"
        )


def measure(stack: Addresses, rounds: int, seconds: int) -> list[Compared]:
    """Measure both in turn, for each number of callers."""
    found = [Compared(callers) for callers in CALLERS]
    ways = ((sys.executable, "-m", "loadtest.one_insert"), (str(BIN / "command-api"),))
    for one in found:
        for _ in range(rounds):
            for way, side in zip(ways, (one.one_each, one.shared), strict=True):
                with process(*way, environment=settings(stack, "command-api")) as pid:
                    got(f"{URL}/")
                    wrk.run(f"{URL}/user", one.callers, 1, CREATE)
                    side.append(served(pid, f"{URL}/user", one.callers, seconds, CREATE))
    return found


def page(found: list[Compared], rounds: int, seconds: int, now: datetime) -> str:
    """Return the result as a table."""
    return "\n".join(
        [
            report.heading("Creates per second", now),
            "",
            f"Medians of {rounds} rounds of {seconds} s each, in turn; wrk with one thread.",
            "CPU: microseconds of the process for each create.",
            "",
            COLUMNS,
            "|---|---|---|---|---|---|---|---|",
            *map(str, found),
            "",
        ]
    )


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each round and variant")
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    now = datetime.now(UTC)
    found = measure(load(wanted.instance), wanted.rounds, wanted.seconds)
    text = page(found, wanted.rounds, wanted.seconds, now)
    print(text)
    (HERE / "results" / f"creates-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
