"""Regression check: CPU for each created user, compared with the last stored result."""

import re
from pathlib import Path

ALLOWED = 1.10  # times the recorded figure
LEAST = 10.0  # µs: a program below it is compared as a part of the whole only
Figures = dict[str, float]


def last(results: Path) -> str:
    """Return the newest stored result; raises SystemExit if there is none."""
    pages = sorted(results.glob("pipeline-*.md"))
    if not pages:
        raise SystemExit(f"nothing to compare with: no pipeline-*.md in {results}")
    return pages[-1].read_text()


def figures(page: str) -> Figures:
    """Return the microseconds of each program and of the whole, for a reference loop of 1 ms.

    Raises ValueError if the page is not one of this bench.
    """
    table = re.findall(r"^\| ([a-z-]+) \| ([0-9.]+) \|$", page, re.MULTILINE)
    return {name: float(spent) / _reference(page) for name, spent in table}


def regressions(now: Figures, then: Figures, least: float) -> list[str]:
    """Return a line for each program of at least this figure, and the whole, that has grown."""
    return [
        f"{name}: {100 * (now[name] / spent - 1):+.0f} % of CPU for each created user"
        for name, spent in then.items()
        if spent >= least and now.get(name, 0.0) > ALLOWED * spent
    ]


def compare(page: str, stored: str) -> int:
    """Print what has grown, and return the exit code: 1 if anything has."""
    now, then = figures(page), figures(stored)
    grown = regressions(now, then, LEAST / _reference(stored))
    print("\n".join(grown) or f"within {100 * (ALLOWED - 1):.0f} % of the last stored result")
    return 1 if grown else 0


def _reference(page: str) -> float:
    found = re.search(r"^Reference loop: ([0-9.]+) ms", page, re.MULTILINE)
    if found is None:
        raise ValueError("not a result of loadtest.pipeline: it has no reference loop")
    return float(found[1])
