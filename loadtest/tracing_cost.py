"""CPU time of an operation without an exporter: no span at all, and every span created and dropped.

The demo, which is every service over memory in one process: a create passes command-api and both
projections. Only the ratio matters; CPU time hardly depends on other load.
"""

import argparse
import http.client
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from chassis.process.interrupts import interruptible
from loadtest import report
from loadtest.running_demo import AS_IT_IS, HTTP, demo

# Former behaviour without an exporter: the SDK's spans, sampled, then dropped.
WITH_SPANS = (
    "from chassis.observability import tracing; from opentelemetry.sdk.trace import SpanProcessor; "
    f"tracing.record('demo', SpanProcessor(), 1); {AS_IT_IS}"
)
USERS = 20
Call = Callable[[], None]


_connections: dict[int, http.client.HTTPConnection] = {}


def send(port: int, method: str, path: str, body: bytes | None = None) -> None:
    connection = _connections.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, 10))
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    if answer.status not in {200, 201}:
        raise SystemExit(f"{method} {path}: {answer.status}")


def create() -> None:
    names = {"first_name": "Ada", "last_name": "Lovelace"}
    send(HTTP, "POST", "/user", json.dumps(names).encode())


def listed() -> None:
    send(HTTP + 1, "GET", "/user?limit=10")


def cost(process: psutil.Process, call: Call, count: int) -> float:
    """Return microseconds of the process's CPU time for one operation."""
    before = process.cpu_times()
    for _ in range(count):
        call()
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / count * 1e6


def measure(rounds: int, count: int) -> dict[str, dict[str, list[float]]]:
    """Return operation → way → the microseconds of each round; the ways alternate."""
    found: dict[str, dict[str, list[float]]] = {
        "`GET /user?limit=10`": {"spans": [], "none": []},
        "`POST /user`, both views": {"spans": [], "none": []},
    }
    for _ in range(rounds):
        for way, code in (("spans", WITH_SPANS), ("none", AS_IT_IS)):
            _connections.clear()
            with demo(code) as started:
                process = psutil.Process(started.pid)
                for _ in range(USERS):
                    create()
                for operation, call in zip(found, (listed, create), strict=True):
                    cost(process, call, count // 10)
                    found[operation][way].append(cost(process, call, count))
    return found


def page(found: dict[str, dict[str, list[float]]], rounds: int, now: datetime) -> str:
    """Return the result as a table."""
    rows = []
    for operation, ways in found.items():
        spans, none = median(ways["spans"]), median(ways["none"])
        rows.append(f"| {operation} | {spans:.0f} | {none:.0f} | {none / spans:.2f} |")
    return "\n".join(
        [
            report.heading("Cost of tracing without an exporter", now),
            "",
            f"CPU time in µs of an operation of the demo, medians of {rounds} rounds in turn.",
            "",
            "| | every span created | no span | ratio |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=3000, help="operations of each round and way")
    wanted, now = parser.parse_args(), datetime.now(UTC)
    text = page(measure(wanted.rounds, wanted.count), wanted.rounds, now)
    print(text)
    (Path(__file__).parent / "results" / f"tracing-cost-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
