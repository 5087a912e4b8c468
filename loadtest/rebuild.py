"""Rebuild of a view under load: its rate, and its effect on clients.

After `make up` and `make seed`. The load is rebuild.js; it is measured alone first, then during the
rebuild and the way back.
"""

import argparse
import asyncio
import json
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from chassis.process.interrupts import interruptible
from loadtest import report
from local_stack.addresses import Addresses, load

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PROJECTORS = ("redis-projector", "search-projector")
CALLS = ("create", "get", "list", "search")


@dataclass(frozen=True, slots=True)
class Seen:
    """Latencies of clients: milliseconds at the 99th percentile by call, and number of failures."""

    p99: dict[str, float]
    failed: int
    of: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A rebuild and the way back."""

    records: int
    seconds: float
    switched: float
    back: float
    seen: Seen


@asynccontextmanager
async def load_by_k6(
    stack: Addresses, share: float
) -> AsyncIterator[Callable[[], Awaitable[Seen]]]:
    """Run rebuild.js while the block runs; the yielded function ends it and returns the results."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        process = await asyncio.create_subprocess_exec(
            BIN / "k6",
            "run",
            HERE / "rebuild.js",
            f"--summary-export={summary}",
            "--summary-trend-stats=p(99)",
            "--no-usage-report",
            env={
                "IDS": str(Path(stack.home) / "seeded-ids"),
                "PORT_OFFSET": str(stack.port_offset),
                "SHARE": str(share),
                "DURATION": "2h",
            },
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

        async def end() -> Seen:
            process.send_signal(signal.SIGINT)
            await process.wait()
            return _seen(json.loads(summary.read_text())["metrics"])

        try:
            yield end
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


def _seen(metrics: dict[str, Any]) -> Seen:
    checks = metrics["checks"]
    p99 = {call: metrics[f"http_req_duration{{call:{call}}}"]["p(99)"] for call in CALLS}
    return Seen(p99, checks["fails"], checks["passes"] + checks["fails"])


async def operate(stack: Addresses, projector: str, *words: str) -> str:
    """Return the operator tool's output, which is also printed."""
    process = await asyncio.create_subprocess_exec(
        BIN / projector,
        *words,
        env=stack.environment(projector),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout  # noqa: S101 - for the type checker
    text = ""
    async for line in process.stdout:
        print(f"  {projector}: {line.decode().rstrip()}")
        text += line.decode()
    if await process.wait():
        sys.exit(f"{projector} {words[0]} failed")
    return text


async def rebuilt(stack: Addresses, projector: str, share: float) -> Rebuilt:
    """Rebuild, switch and go back, under load."""
    async with load_by_k6(stack, share) as end:
        began = time.perf_counter()
        forth = await operate(stack, projector, "rebuild", "--restart")
        seconds = time.perf_counter() - began
        back = await operate(stack, projector, "rebuild", "--back")
        seen = await end()
    records = int(re.findall(r"([\d,]+) of [\d,]+ records", forth)[-1].replace(",", ""))
    return Rebuilt(records, seconds, _switched(forth), _switched(back), seen)


def _switched(text: str) -> float:
    found = re.search(r"switched in ([\d.]+) s", text)
    assert found, text  # noqa: S101 - a successful rebuild prints it
    return float(found[1])


async def measure(stack: Addresses, seconds: float, share: float) -> dict[str, Seen | Rebuilt]:
    """Measure the load alone, then each projector's rebuild under it."""
    found: dict[str, Seen | Rebuilt] = {}
    async with load_by_k6(stack, share) as end:
        await asyncio.sleep(seconds)
        found["alone"] = await end()
    for projector in PROJECTORS:
        found[projector] = await rebuilt(stack, projector, share)
    return found


def page(found: dict[str, Seen | Rebuilt], share: float, now: datetime) -> str:
    """Return the result in two tables."""
    rebuilds = {name: what for name, what in found.items() if isinstance(what, Rebuilt)}
    seen = {name: what.seen if isinstance(what, Rebuilt) else what for name, what in found.items()}
    return "\n".join(
        [
            report.heading("A rebuild under load", now),
            "",
            f"{200 * share:.0f} creates and {500 * share:.0f} reads per second, by k6, meanwhile.",
            "",
            "| rebuild of | records | s | records/s | switched in | back in |",
            "|---|---|---|---|---|---|",
            *(
                f"| {name} | {one.records} | {one.seconds:.0f} | {one.records / one.seconds:.0f} "
                f"| {one.switched:.3f} s | {one.back:.3f} s |"
                for name, one in rebuilds.items()
            ),
            "",
            "| p99, ms | " + " | ".join(CALLS) + " | calls | failed |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {name} | "
                + " | ".join(f"{one.p99[call]:.0f}" for call in CALLS)
                + f" | {one.of} | {one.failed} |"
                for name, one in seen.items()
            ),
            "",
        ]
    )


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="duration of the load alone")
    parser.add_argument("--share", type=float, default=1, help="share of the load")
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    now = datetime.now(UTC)
    found = uvloop.run(measure(load(wanted.instance), wanted.seconds, wanted.share))
    text = page(found, wanted.share, now)
    print(text)
    (HERE / "results" / f"rebuild-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
