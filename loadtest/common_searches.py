"""Searches for skewed names among a million users: rates, percentiles, and CPU time of a search.

Needs OpenSearch and one or more search-api, of this or another version, but no other part of the
system. `--fill` writes the users into a new index by the projection's own mapping, with a twentieth
of them updated later, and sets the alias. Each way to search is measured in turn, round by round,
so other load on the machine meets all of them.
"""

import argparse
import json
import os
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from urllib.parse import quote

import psutil
from opensearchpy import OpenSearch

from loadtest import report, skewed, wrk
from loadtest.wrk import Answered
from user_contracts import opensearch_index

TERMS, PAGE = 2_000, 10
WARM_UP = 20  # seconds of the first round, which is not counted: Java compiles the busiest code
ALIAS, INDEX = "users", "users-1"
MIXES = {"all kinds of terms": (20, skewed.terms), "terms of a fifth": (50, lambda _: skewed.FIFTH)}
"""Name → callers, and the terms of people."""


@dataclass(frozen=True, slots=True)
class Api:
    """A search-api, and the CPU time that it and OpenSearch take for a search, in ms."""

    name: str
    url: str
    processes: tuple[psutil.Process, psutil.Process]
    """OpenSearch, and the service itself."""
    seen: list[tuple[Answered, list[float]]] = field(default_factory=list)

    def measure(self, callers: int, seconds: int, script: str) -> None:
        before = self._cpu()
        answered = wrk.run(self.url, callers, seconds, script)
        spent = (after - first for after, first in zip(self._cpu(), before, strict=True))
        found = max(1, answered.rate * seconds - answered.failed)
        self.seen.append((answered, [1000 * one / found for one in spent]))

    def _cpu(self) -> list[float]:
        return [_seconds(process.pid) for process in self.processes]

    def row(self, mix: str, callers: int) -> str:
        """Return medians of the rounds, without the first one, as a row of the table."""
        seen = self.seen[1:]
        answered = [one for one, _ in seen]
        rate, p95, p99 = (median(getattr(a, of) for a in answered) for of in ("rate", "p95", "p99"))
        cpu = " | ".join(f"{median(one):.2f}" for one in zip(*(c for _, c in seen), strict=True))
        failed = sum(one.failed for one in answered)
        figures = f"{rate:.0f} | {p95:.0f} | {p99:.0f} | {cpu} | {failed}"
        return f"| {mix} | {callers} | {self.name} | {figures} |"


def _seconds(pid: int) -> float:
    """Return the CPU time of a process, without the threads in which Java compiles."""
    ticks = 0
    for file in Path(f"/proc/{pid}/task").glob("*/stat"):
        name, _, rest = file.read_text().rpartition(")")
        if not name.partition("(")[2].startswith(("C1 Comp", "C2 Comp")):
            ticks += sum(map(int, rest.split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def fill(client: OpenSearch, users: int) -> None:
    """Create the index, and write the users."""
    client.indices.create(index=INDEX, body={**opensearch_index(), "aliases": {ALIAS: {}}})
    written = _lines(users)
    while lines := list(islice(written, 4_000)):
        outcome = client.bulk(body="".join(lines), index=INDEX)
        if outcome["errors"]:
            raise RuntimeError("OpenSearch rejected a document")
    client.indices.refresh(index=INDEX)


def _lines(users: int) -> Iterator[str]:
    chance = random.Random(users)  # noqa: S311 - who is updated, not a secret
    for version in (1, 2):
        for number, names in enumerate(skewed.people(users)):
            if version == 1 or chance.random() < 0.05:  # noqa: PLR2004 - a twentieth
                one = skewed.document(number, *names) | {"version": version}
                guard = {"_id": one["id"], "version": version, "version_type": "external"}
                yield f"{json.dumps({'index': guard})}\n{json.dumps(one)}\n"


def measure(
    apis: list[Api], mix: str, callers: int, users: int, lengths: tuple[int, int]
) -> Iterator[str]:
    """Measure one mix of terms with each API in turn; yield the table's rows."""
    kind, (rounds, seconds) = MIXES[mix][1], lengths
    terms = kind(list(islice(skewed.people(users), TERMS)))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as paths:
        paths.write("\n".join(f"/user/search?limit={PAGE}&q={quote(term)}" for term in terms))
        paths.flush()
        for number in range(rounds + 1):
            for api in apis:
                lasting = seconds if number else WARM_UP
                api.measure(callers, lasting, wrk.any_of(paths.name))
    for api in apis:
        yield api.row(mix, callers)
        api.seen.clear()


def main() -> None:
    """Fill, or measure, print and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opensearch", default="http://127.0.0.1:9200")
    parser.add_argument("--opensearch-pid", type=int, default=os.getpid())
    parser.add_argument("--api", action="append", default=[], help="name=url=pid")
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--callers", type=int, help="of each mix; default: 20 and 50")
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each round and API")
    wanted = parser.parse_args()
    if wanted.fill:
        fill(OpenSearch(wanted.opensearch, timeout=600), wanted.users)
    store = psutil.Process(wanted.opensearch_pid)
    apis = []
    for name, url, pid in (one.split("=") for one in wanted.api):
        apis.append(Api(name, url, (store, psutil.Process(int(pid)))))
    if not apis:
        return
    now = datetime.now(UTC)
    lengths = (wanted.rounds, wanted.seconds)
    rows = [
        row
        for mix, (callers, _) in MIXES.items()
        for row in measure(apis, mix, wanted.callers or callers, wanted.users, lengths)
    ]
    text = page(rows, wanted.users, *lengths, now)
    print(text)
    results = Path(__file__).parent / "results"
    (results / f"common-searches-{now:%Y-%m-%d}.md").write_text(text)


def page(rows: list[str], users: int, rounds: int, seconds: int, now: datetime) -> str:
    """Return the result as a page."""
    return "\n".join(
        [
            report.heading("Searches for skewed names", now),
            "",
            f"{users} users; {rounds} rounds of {seconds} s; medians; CPU in ms a search.",
            "",
            "| terms | callers | | a second | p95 | p99 | OpenSearch | search-api | failed |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
