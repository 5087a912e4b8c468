"""query-api's two reads, compared with a bare aiohttp handler that returns the same bytes.

After `make up` and `make seed`. One process of each, with the settings of the running stack but for
its ports; one connection a caller. All on this machine: only the ratio matters.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.error import URLError

import psutil

from chassis.process.interrupts import interruptible
from loadtest import cpu, report, wrk
from loadtest.wrk import Answered, any_of
from local_stack.addresses import Addresses, load

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
BARE, OURS = 18999, 18990  # ports
LIST = "/user?limit=10"
AMONG = 100_000  # users read one by one
COLUMNS = (
    "| | callers | bare aiohttp | query-api | ratio | CPU: bare | query-api "
    "| p99, ms: bare | query-api | failed | MB |"
)


@dataclass(frozen=True, slots=True)
class Read:
    """A request, and its number of clients."""

    what: str
    path: str
    callers: int
    script: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """Results of wrk, and the server's microseconds of CPU for each response."""

    seen: Answered
    cpu: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Rounds of a read at both servers, and the processes' memory in bytes."""

    read: Read
    bare: list[Served]
    ours: list[Served]
    resident: int

    @property
    def rates(self) -> tuple[float, float]:
        """Return responses per second: the bare handler's and ours."""
        bare, ours = (median(one.seen.rate for one in side) for side in (self.bare, self.ours))
        return bare, ours

    @property
    def failed(self) -> int:
        return sum(one.seen.failed for one in self.ours)

    def __str__(self) -> str:
        bare, ours = self.rates
        sides = (self.bare, self.ours)
        p99s = " | ".join(f"{median(one.seen.p99 for one in side):.1f}" for side in sides)
        spent = " | ".join(f"{median(one.cpu for one in side):.0f}" for side in sides)
        return (
            f"| {self.read.what} | {self.read.callers} | {bare:.0f} | {ours:.0f} "
            f"| {ours / bare:.2f} | {spent} | {p99s} | {self.failed} | {self.resident / 1e6:.0f} |"
        )


def got(url: str) -> bytes:
    """Return the response body, as soon as the server answers."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - ours
                return bytes(answer.read())
        except URLError:
            time.sleep(0.05)
    raise TimeoutError(url)


@contextmanager
def process(
    *command: str | Path, environment: Mapping[str, str], expected: bytes = b""
) -> Iterator[int]:
    """Run a process while the block runs; yield its id."""
    started = subprocess.Popen(command, stdin=-1, env=os.environ | dict(environment))  # noqa: S603 - ours
    assert started.stdin  # noqa: S101 - for the type checker
    started.stdin.write(expected)
    started.stdin.close()
    try:
        yield started.pid
    finally:
        started.terminate()
        started.wait()


def settings(stack: Addresses, service: str = "query-api") -> dict[str, str]:
    """Return the settings of a separate process of a service: those of the stack, other ports."""
    own = {"HTTP_PORT": OURS, "GRPC_PORT": OURS + 1, "ADMIN_PORT": OURS + 2, "PROCESSES": 1}
    prefix = service.upper().replace("-", "_")
    return stack.environment(service) | {f"{prefix}_{k}": str(v) for k, v in own.items()}


def served(pid: int, url: str, callers: int, seconds: int, script: str = "") -> Served:
    """Generate load for a server's process."""
    before = cpu.of_process(pid)
    seen = wrk.run(url, callers, seconds, script)
    return Served(seen, 1e6 * (cpu.of_process(pid) - before) / max(1, seen.rate * seconds))


def compare(stack: Addresses, read: Read, rounds: int, seconds: int) -> Compared:
    """Measure the bare handler and ours in turn."""
    bare, ours = f"http://127.0.0.1:{BARE}", f"http://127.0.0.1:{OURS}"
    found = Compared(read, [], [], 0)
    with process(BIN / "query-api", environment=settings(stack)) as pid:
        answer = got(ours + read.path)
        bare_handler = (sys.executable, "-m", "loadtest.bare", str(BARE))
        with process(*bare_handler, environment={}, expected=answer) as bare_pid:
            got(bare)
            sides = ((bare_pid, bare, found.bare), (pid, ours, found.ours))
            for _ in range(rounds):
                for server, url, side in sides:
                    there = url + read.path
                    side.append(served(server, there, read.callers, seconds, read.script))
        return replace(found, resident=psutil.Process(pid).memory_info().rss)


def measure(stack: Addresses, rounds: int, seconds: int) -> list[Compared]:
    """Measure lists and single users."""
    ids = (Path(stack.home) / "seeded-ids").read_text().split()[:AMONG]
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as paths:
        paths.write("\n".join(f"/user/{user}" for user in ids))
        paths.flush()
        reads = [
            Read(f"`GET {LIST}`", LIST, 64),
            Read(f"`GET {LIST}`", LIST, 200),
            Read(f"`GET /user/{{id}}`, of {len(ids)}", f"/user/{ids[0]}", 64, any_of(paths.name)),
        ]
        return [compare(stack, read, rounds, seconds) for read in reads]


def page(found: list[Compared], rounds: int, seconds: int, now: datetime) -> str:
    """Return the result as a table."""
    return "\n".join(
        [
            report.heading("Reads per second", now),
            "",
            f"Medians of {rounds} rounds of {seconds} s each, in turn; wrk with one thread.",
            "CPU: microseconds of the server for each response.",
            "",
            COLUMNS,
            "|---|---|---|---|---|---|---|---|---|---|---|",
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
    stack, now = load(wanted.instance), datetime.now(UTC)
    found = measure(stack, wanted.rounds, wanted.seconds)
    text = page(found, wanted.rounds, wanted.seconds, now)
    print(text)
    (HERE / "results" / f"reads-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
