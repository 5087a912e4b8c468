"""query-api's two reads over gRPC: calls a second, and calls for each second of its CPU.

After `make up` and `make seed`. The list is compared, in turn, with a server that encodes its
messages anew for each call.
"""

import argparse
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import h2load
import psutil
import report
from reads import BIN, HERE, OURS, process, settings

from local_stack.addresses import Addresses, load
from user_contracts.proto.user.v1 import GetRequest, ListRequest

CONNECTIONS = 8


@dataclass(slots=True)
class Measured:
    """Rounds of one method at one server."""

    what: str
    rates: list[float] = field(default_factory=list)
    per_cpu_second: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def rate(self) -> float:
        """Calls a second."""
        return median(self.rates)

    @property
    def calls_a_cpu_second(self) -> float:
        return median(self.per_cpu_second)

    def __str__(self) -> str:
        return f"| {self.what} | {self.rate:.0f} | {self.calls_a_cpu_second:.0f} | {self.failed} |"


@dataclass(frozen=True, slots=True)
class Side:
    """A method called at one of the two servers, with these messages."""

    command: tuple[str | Path, ...]
    method: str
    messages: Sequence[bytes]


def sides(stack: Addresses) -> dict[str, Side]:
    """What is compared."""
    ids = (Path(stack.home) / "seeded-ids").read_text().split()[:CONNECTIONS]
    ours, anew = (BIN / "query-api",), (sys.executable, HERE / "anew.py")
    fifty = [bytes(ListRequest(limit=50))] * CONNECTIONS
    return {
        "`Get`": Side(ours, "Get", [bytes(GetRequest(id=user)) for user in ids]),
        "`List` of 50": Side(ours, "List", fifty),
        "`List` of 50, encoded anew": Side(anew, "List", fifty),
    }


def measure(stack: Addresses, sides: dict[str, Side], rounds: int, seconds: int) -> list[Measured]:
    """All sides in turn; each time a process of its own, which is warm."""
    found = {what: Measured(what) for what in sides}
    for _ in range(rounds):
        for what, side in sides.items():
            with process(*side.command, environment=settings(stack)) as pid:
                until_listening(OURS + 1)
                path = f"/user.v1.UserQueries/{side.method}"
                h2load.run(OURS + 1, path, side.messages, 1)
                one, before = psutil.Process(pid), psutil.Process(pid).cpu_times()
                called = h2load.run(OURS + 1, path, side.messages, seconds)
                after = one.cpu_times()
            spent = after.user + after.system - before.user - before.system
            found[what].rates.append(called.rate)
            found[what].per_cpu_second.append(called.rate * seconds / spent)
            found[what].failed += called.failed
    return list(found.values())


def until_listening(port: int) -> None:
    """Return when somebody does; raises TimeoutError after 15 seconds."""
    for _ in range(300):
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)


def page(found: list[Measured], rounds: int, seconds: int, now: datetime) -> str:
    """The result as a table."""
    callers = f"{CONNECTIONS} connections and {h2load.CALLS} calls at a time on each"
    return "\n".join(
        [
            report.heading("gRPC calls", now),
            "",
            f"Medians of {rounds} rounds of {seconds} s each, in turn; h2load with {callers}.",
            "",
            "| | calls a second | for each second of its CPU | failed |",
            "|---|---|---|---|",
            *map(str, found),
            "",
        ]
    )


def main() -> None:
    """Measure, print, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each round and side")
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    stack, now = load(wanted.instance), datetime.now(UTC)
    found = measure(stack, sides(stack), wanted.rounds, wanted.seconds)
    text = page(found, wanted.rounds, wanted.seconds, now)
    print(text)
    (HERE / "results" / f"grpc-reads-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
