"""docs/foreign-ddl.md: outcome of the corpus, as measured by the test."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.support.capture.ddl_runs import Run

PAGE = Path(__file__).parents[3] / "docs" / "foreign-ddl.md"
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
SHORT = 110  # characters of a statement

TEXT = Path(__file__).parents[2] / "system" / "capture" / "foreign-ddl.txt"


def rendered(runs: Sequence[Run], skipped: Sequence[Run], mysql: str, debezium: str) -> str:
    """Return the page; `runs` are those in one database, `skipped` those of them not parsed."""
    today = datetime.now(UTC).date().isoformat()
    return TEXT.read_text("utf-8").format(
        date=today,
        mysql=mysql,
        debezium=debezium,
        rows="\n".join(_rows(runs, skipped)),
        skipped="\n".join(_listed(skipped)),
    )


def is_same(page: str, measured: str) -> bool:
    """Return whether the page has the measured result, whatever its date."""
    return DATE.sub("", page, count=1) == DATE.sub("", measured, count=1)


def _rows(runs: Sequence[Run], skipped: Sequence[Run]) -> list[str]:
    kinds = Counter(run.statement.kind for run in runs)
    refused = Counter(run.statement.kind for run in runs if run.error)
    unparsed = Counter(run.statement.kind for run in skipped)
    rows = [
        f"| {kind} | {n} | {refused[kind]} | {unparsed[kind]} | 0 |" for kind, n in kinds.items()
    ]
    total = f"| **all** | {len(runs)} | {refused.total()} | {unparsed.total()} | 0 |"
    return [*rows, total]


def _listed(skipped: Sequence[Run]) -> list[str]:
    return [f"- {run.statement.kind}: {_as_code(run.statement.text)}" for run in skipped]


def _as_code(text: str) -> str:
    """Return it on one line, shortened, with as many backquotes around it as it needs."""
    line = re.sub(r"\s+", " ", text).strip()
    short = line if len(line) <= SHORT else f"{line[:SHORT]} …"
    fence = "`" * (max(map(len, re.findall("`+", short)), default=0) + 1)
    return f"{fence} {short} {fence}"
