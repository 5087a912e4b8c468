"""query-api's reads over gRPC: calls per second, and per second of CPU.

After `make up` and `make seed`. Compared in turn with: the library h2 (the setting HTTP2); two
processes on one port; a server that encodes its lists each time; and, if Go is installed, a server
in Go that does the same Redis read and nothing else.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from chassis.process.interrupts import interruptible
from loadtest import h2load, report
from loadtest.reads import BIN, HERE, OURS, process, settings
from local_stack.addresses import Addresses, load
from user_contracts.proto.user.v1 import GetRequest, ListRequest

CONNECTIONS = 8
PORT = OURS + 1


@dataclass(slots=True)
class Measured:
    """Rounds of one method at one server."""

    what: str
    rates: list[float] = field(default_factory=list)
    per_cpu_second: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def rate(self) -> float:
        """Return calls per second."""
        return median(self.rates)

    @property
    def calls_a_cpu_second(self) -> float:
        return median(self.per_cpu_second)

    def __str__(self) -> str:
        return f"| {self.what} | {self.rate:.0f} | {self.calls_a_cpu_second:.0f} | {self.failed} |"


@dataclass(frozen=True, slots=True)
class Side:
    """A method of a server, of one process or several on one port, with these messages."""

    command: tuple[str | Path, ...]
    method: str
    messages: Sequence[bytes]
    processes: int = 1
    http2: str = "own"


def sides(stack: Addresses) -> dict[str, Side]:
    """Return the compared variants."""
    ids = (Path(stack.home) / "seeded-ids").read_text().split()[:CONNECTIONS]
    ours, encoded = (BIN / "query-api",), (sys.executable, "-m", "loadtest.encode_each_time")
    one = [bytes(GetRequest(id=user)) for user in ids]
    fifty = [bytes(ListRequest(limit=50))] * CONNECTIONS
    found = {
        "`Get`": Side(ours, "Get", one),
        "`Get` on h2": Side(ours, "Get", one, http2="h2"),
        "`Get`, two processes": Side(ours, "Get", one * 2, processes=2),
        "`List` of 50": Side(ours, "List", fifty),
        "`List` of 50 on h2": Side(ours, "List", fifty, http2="h2"),
        "`List` of 50, encoded each time": Side(encoded, "List", fifty),
    }
    if shutil.which("go"):
        found["`Get` in Go"] = Side((go_server(stack),), "Get", one)
    return found


def go_server(stack: Addresses) -> Path:
    """Build the server in Go; return its path."""
    built = Path(stack.home) / "go_server"
    build: list[str | Path] = [shutil.which("go") or "go", "build", "-o", built, "."]
    subprocess.run(build, cwd=HERE / "go_server", check=True)  # noqa: S603 - our own words
    return built


def environment(stack: Addresses, side: Side, number: int) -> Mapping[str, str]:
    """Return the environment of one of several processes, for any variant."""
    own = {"REUSE_PORT": "true", "ADMIN_PORT": str(OURS + 2 + number), "HTTP2": side.http2}
    of_go = {"GOMAXPROCS": "1", "GRPC_PORT": str(PORT), "REDIS_URL": stack.redis_address}
    of_go |= {"REDIS_USER": "query_api", "REDIS_PASSWORD": stack.password("query_api")}
    return settings(stack) | {f"QUERY_API_{name}": value for name, value in own.items()} | of_go


def measure(stack: Addresses, sides: dict[str, Side], rounds: int, seconds: int) -> list[Measured]:
    """Measure all variants in turn; each time with its own warm processes."""
    found = {what: Measured(what) for what in sides}
    for _ in range(rounds):
        for what, side in sides.items():
            with ExitStack() as running:
                starts = [
                    process(*side.command, environment=environment(stack, side, number))
                    for number in range(side.processes)
                ]
                pids = [running.enter_context(start) for start in starts]
                for pid in pids:
                    until_listening(pid)
                path = f"/user.v1.UserQueries/{side.method}"
                h2load.run(PORT, path, side.messages, seconds)
                before = cpu(pids)
                called = h2load.run(PORT, path, side.messages, seconds)
                spent = cpu(pids) - before
            found[what].rates.append(called.rate)
            found[what].per_cpu_second.append(called.rate * seconds / spent)
            found[what].failed += called.failed
    return list(found.values())


def cpu(pids: Sequence[int]) -> float:
    """Return the processes' CPU seconds."""
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def until_listening(pid: int) -> None:
    """Return when a process listens on PORT; raise TimeoutError after 15 seconds."""
    for _ in range(300):
        if any(one.laddr.port == PORT for one in psutil.Process(pid).net_connections("tcp4")):
            return
        time.sleep(0.05)
    raise TimeoutError(pid)


def page(found: list[Measured], rounds: int, seconds: int, now: datetime) -> str:
    """Return the result as a table."""
    callers = f"{CONNECTIONS} connections and {h2load.CALLS} calls at a time on each"
    return "\n".join(
        [
            report.heading("gRPC calls", now),
            "",
            f"Medians of {rounds} rounds of {seconds} s each, in turn; h2load with {callers}.",
            "",
            "| | calls/s | calls per CPU second | failed |",
            "|---|---|---|---|",
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
    found = measure(stack, sides(stack), wanted.rounds, wanted.seconds)
    text = page(found, wanted.rounds, wanted.seconds, now)
    print(text)
    (HERE / "results" / f"grpc-reads-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
