"""Search of names: search-api, its query sent to OpenSearch directly, and a plain wildcard query.

After `make up` and `make seed`. The plain index holds the same users as keywords, and is removed at
the end. The terms are words of names, prefixes, and typing errors, a third each.
"""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from opensearchpy import OpenSearch

from chassis.process.interrupts import interruptible
from loadtest import report, wrk
from loadtest.seed import people
from loadtest.wrk import Answered
from local_stack.addresses import Addresses, load
from projections.opensearch.text_query import Body, text_query

PLAIN = "users-plain"
TERMS = 600
PAGE = 10
NAME = {"type": "keyword", "normalizer": "lowercase"}
INDEX = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
    "mappings": {"properties": {"id": {"type": "keyword"}, "first_name": NAME, "last_name": NAME}},
}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to search: wrk's script, and its results."""

    what: str
    script: str
    seen: list[Answered] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return responses per second."""
        return median(one.rate for one in self.seen)

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return median(one.p95 for one in self.seen)

    def __str__(self) -> str:
        p99 = median(one.p99 for one in self.seen)
        failed = sum(one.failed for one in self.seen)
        return f"| {self.what} | {self.rate:.0f} | {self.p95:.0f} | {p99:.0f} | {failed} |"


def terms(stack: Addresses) -> list[str]:
    """Return terms from users that `make seed` created; the same ones each time."""
    seeded = len((Path(stack.home) / "seeded-ids").read_text().split())
    kinds: list[Callable[[str], str]] = [str, lambda word: word[:3], _mistyped]
    named = ((user.first_name, user.last_name) for user in people(seeded))
    words = [names[number % 2].lower() for number, names in enumerate(islice(named, TERMS))]
    return [kinds[number % len(kinds)](word) for number, word in enumerate(words)]


def _mistyped(word: str) -> str:
    middle = len(word) // 2
    return word[:middle] + word[middle + 1 :]


def first_query(term: str) -> Body:
    """Return the body of the first request that search-api sends; the most frequent one."""
    query = text_query(term)
    body = query.best(query.stages[0], math.inf)
    if body is None:
        raise ValueError(f"no query for {term!r}")
    return body


def wildcard(term: str) -> dict[str, Any]:
    """Return a wildcard query, which needs no special index; ordered, as pages require."""
    names = ("first_name", "last_name")
    matches = [{"wildcard": {name: f"*{term}*"}} for name in names]
    return {"query": {"bool": {"should": matches}}, "sort": ["id"], "track_total_hits": False}


@contextmanager
def ways(found: list[str]) -> Iterator[list[Way]]:
    """Yield scripts, whose files exist while the block runs."""
    with tempfile.TemporaryDirectory() as folder:

        def run_queries(name: str, bodies: list[dict[str, Any]]) -> str:
            file = Path(folder) / name
            file.write_text("\n".join(json.dumps(body | {"size": PAGE}) for body in bodies))
            return wrk.posting(str(file))

        paths = Path(folder) / "paths"
        paths.write_text("\n".join(f"/user/search?limit={PAGE}&q={quote(t)}" for t in found))
        yield [
            Way("search-api", wrk.any_of(str(paths))),
            Way(
                "its query, sent to OpenSearch",
                run_queries("ours", [first_query(term) for term in found]),
            ),
            Way(
                "wildcard query, sent to OpenSearch",
                run_queries("plain", [wildcard(t) for t in found]),
            ),
        ]


@contextmanager
def plain_index(client: OpenSearch) -> Iterator[int]:
    """Index the view's users as keywords, while the block runs; yield their number."""
    client.indices.create(index=PLAIN, body=INDEX)
    try:
        body = {"source": {"index": "users", "_source": ["id", "first_name", "last_name"]}}
        # Its response, with a warning for each batch, has more headers than http.client accepts.
        parameters = {"wait_for_completion": "false"}
        task = client.reindex(body=body | {"dest": {"index": PLAIN}}, params=parameters)["task"]
        while not client.tasks.get(task_id=task)["completed"]:
            time.sleep(1)
        client.indices.refresh(index=PLAIN)
        yield client.count(index=PLAIN)["count"]
    finally:
        client.indices.delete(index=PLAIN)


def measure(stack: Addresses, callers: int, rounds: int, seconds: int) -> tuple[int, list[Way]]:
    """Measure all ways in turn; return the number of users, and the results."""
    client = OpenSearch(stack.opensearch_url, timeout=900)
    urls = (
        f"{stack.http['search-api']}/",
        f"{stack.opensearch_url}/users/_search",
        f"{stack.opensearch_url}/{PLAIN}/_search",
    )
    with plain_index(client) as users, ways(terms(stack)) as found:
        for number in range(rounds + 1):  # the first round is a warm-up
            for url, way in zip(urls, found, strict=True):
                seen = wrk.run(url, callers, seconds, way.script)
                if number:
                    way.seen.append(seen)
        return users, found


def page(found: list[Way], users: int, how: str, now: datetime) -> str:
    """Return the result as a table."""
    return "\n".join(
        [
            report.heading("Searches per second", now),
            "",
            f"{users} users, {how}.",
            "",
            "| | searches/s | p95, ms | p99, ms | failed |",
            "|---|---|---|---|---|",
            *map(str, found),
            "",
        ]
    )


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each round and way")
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    now = datetime.now(UTC)
    users, found = measure(load(wanted.instance), wanted.callers, wanted.rounds, wanted.seconds)
    how = f"{wanted.callers} callers; medians of {wanted.rounds} rounds of {wanted.seconds} s"
    text = page(found, users, how, now)
    print(text)
    results = Path(__file__).parent / "results"
    (results / f"search-{now:%Y-%m-%d}-{users}.md").write_text(text)


if __name__ == "__main__":
    main()
