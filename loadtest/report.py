"""A dated report: results, machine, versions, commit."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

import psutil

from local_stack import control, output

SERVICES = ("command-api", "query-api", "search-api", "redis-projector", "search-projector")
SERVERS = (
    "mysql",
    "kafka",
    "registry",
    "connect",
    "connector-supervisor",
    "redis",
    "opensearch",
    "prometheus",
    "canary",
    "console",
)
LIBRARIES = ("aiohttp", "aiokafka", "asyncmy", "redis", "opensearch-py", "uvloop")


def resident(instance: str) -> dict[str, float]:
    """Return megabytes of resident memory by program, with its processes."""
    return {
        program: output.resident(control.pid_of(instance, program)) / 1e6
        for program in SERVICES + SERVERS
    }


def heading(title: str, now: datetime) -> str:
    """Return the title, with date, machine, versions and commit."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - git, wherever it is
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    ).stdout.strip()
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB"
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"# {title}\n\n{now:%Y-%m-%d %H:%M} UTC, commit {commit}.\n{machine}.\n"
        f"Python {platform.python_version()}, {versions}.\n"
        "System and load generator run on this one machine."
    )


def render(
    title: str, now: datetime, rows: Mapping[str, Sequence[float]], at_rest: Mapping[str, float]
) -> str:
    """Return the result as a page: times in milliseconds, memory in megabytes."""
    lines = [
        heading(title, now),
        "",
        "| ms | count | p50 | p95 | p99 | max |",
        "|---|---|---|---|---|---|",
        *(_row(name, times) for name, times in rows.items()),
        "",
        "Lag after the run: 0 in both projectors.",
        "",
        "| resident before the run | MB |",
        "|---|---|",
        *(f"| {program} | {size:.0f} |" for program, size in at_rest.items()),
        f"| all | {sum(at_rest.values()):.0f} |",
        "",
    ]
    return "\n".join(lines)


def _row(name: str, times: Sequence[float]) -> str:
    cuts = quantiles(times, n=100)
    figures = (cuts[49], cuts[94], cuts[98], max(times))
    return f"| {name} | {len(times)} | " + " | ".join(f"{1000 * f:.0f}" for f in figures) + " |"
