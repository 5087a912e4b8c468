"""Invariants after MySQL was lost and restored, checked against the ledger and the topic."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from local_stack.addresses import Addresses
from tests.chaos.harness import stores
from tests.chaos.harness.stores import Row
from tests.chaos.harness.topic import Message
from tests.chaos.verdict.ledger import Ledger
from tests.chaos.verdict.oracle import DELETED


@dataclass(frozen=True, slots=True)
class Published:
    """The events that were on the topic when MySQL was lost."""

    versions: dict[str, set[int]]
    erased: dict[str, int]
    """User → version of the marker."""

    @classmethod
    def of(cls, messages: Sequence[Message]) -> "Published":
        versions, erased = defaultdict(set), dict[str, int]()
        for event in (message.event for message in messages if message.event):
            versions[event["user_id"]].add(event["version"])
            if event["type"] == DELETED:
                erased[event["user_id"]] = event["version"]
        return cls(dict(versions), erased)

    def living(self) -> dict[str, int]:
        """User → newest version."""
        return {u: max(v) for u, v in self.versions.items() if u not in self.erased}


def wrong(stack: Addresses, ledger: Ledger, published: Published) -> Iterator[str]:
    """Yield violations of I1 for published events, and stored events of erased users."""
    by_user: dict[str, list[Row]] = defaultdict(list)
    for row in stores.events(stack):
        by_user[row.user].append(row)
    for entry in ledger.acknowledged():
        user, version = entry.user or "", entry.version
        if user in published.erased or version not in published.versions.get(user, set()):
            continue
        found = [row.marker for row in by_user[user] if row.version == version]
        if found != [entry.request.key]:
            yield f"I1 {entry.request.key}: published as {user} at {version}, stored: {found}"
    for user, newest in published.living().items():
        versions = [row.version for row in by_user[user]]
        if versions != list(range(1, newest + 1)):
            yield f"I4 {user}: {newest} versions were published, stored: {versions}"
    for user, version in published.erased.items():
        rows = [(row.version, row.type, row.first_name) for row in by_user[user]]
        if rows != [(version, DELETED, None)]:
            yield f"I1 {user}: erased at {version}, stored: {rows}"


def lost(ledger: Ledger, published: Published) -> list[str]:
    """Return the keys of requests that were acknowledged and not published."""
    return [
        entry.request.key
        for entry in ledger.acknowledged()
        if entry.version not in published.versions.get(entry.user or "", set())
    ]


def acknowledged_at(file: Path) -> dict[str, float]:
    """Return key → Unix time at which the acknowledgement was on the ledger's disk."""
    lines = map(json.loads, file.read_text().splitlines())
    return {line["key"]: line["at"] for line in lines if line.get("outcome") == "acknowledged"}


def revived(messages: Sequence[Message], published: Published) -> Iterator[str]:
    """Yield events of erased users that were published since, other than their markers."""
    for message in messages:
        event = message.event
        if event and event["user_id"] in published.erased and event["type"] != DELETED:
            yield f"{event['user_id']} was erased, and {event['type']} is published again"


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
