"""Recovery from the loss of everything but a backup of MySQL (T18): duration of each step.

After `make up` and `make seed USERS=1000000`. Removes the instance's data.
"""

import argparse
import asyncio
import os
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import uvloop

from chassis.process.interrupts import interruptible
from loadtest import report
from loadtest.freshness import lag
from loadtest.reads import BIN
from local_stack.addresses import load

TIMEOUT = 1800.0  # seconds
SETTLED = 3  # consecutive polls without lag, 5 s apart: projectors poll the log's end every 5 s
HERE = Path(__file__).parent


class Steps:
    """Steps, and the seconds of each."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def run(self, what: str, *command: str | Path, **environment: str) -> str:
        """Run it; return its output."""
        began = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own words
            command,
            env=os.environ | environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.add(what, time.perf_counter() - began)
        return done.stdout

    def add(self, what: str, seconds: float) -> None:
        self.lines.append(f"| {what} | {seconds:.0f} |")
        print(self.lines[-1], flush=True)


async def until_views_are_complete(instance: str) -> None:
    """Return when both views contain everything on the topic, and nothing more arrives."""
    stack, quiet = load(instance), 0
    async with asyncio.timeout(TIMEOUT), aiohttp.ClientSession() as session:
        while quiet < SETTLED:
            quiet = 0 if await lag(stack, session) else quiet + 1
            await asyncio.sleep(5)


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instance", default="dev")
    instance = parser.parse_args().instance
    now, steps = datetime.now(UTC), Steps()
    stack = [BIN / "local-stack"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.sql"
        own = ["--instance", instance]
        steps.run("backup, while everything runs", *stack, "backup", *own, file)
        size = file.stat().st_size / 1e6
        steps.run("everything removed", *stack, "clean", *own)
        steps.run("empty servers and services up", *stack, "up", *own)
        began = time.perf_counter()
        steps.run("restore into MySQL", *stack, "restore", *own, file)
    uvloop.run(until_views_are_complete(instance))
    waited = 5 * SETTLED
    steps.add("both views complete, since restore began", time.perf_counter() - began - waited)
    verdicts = []
    for projector in ("redis-projector", "search-projector"):
        environment = load(instance).environment("view-verifier")
        command = ("view-verifier", projector)
        output = steps.run(f"`{' '.join(command)}`", BIN / command[0], projector, **environment)
        verdicts.append(f"{projector}: {output.strip().splitlines()[-1]}")
    text = "\n".join(
        [
            report.heading("Recovery from a backup", now),
            "",
            f"The backup: {size:.0f} MB of SQL.",
            "",
            "| step | s |",
            "|---|---|",
            *steps.lines,
            "",
            *verdicts,
            "",
        ]
    )
    print(text)
    (HERE / "results" / f"recovery-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
