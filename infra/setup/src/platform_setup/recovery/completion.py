"""Rule that completes one history. Pure: no clock, no server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

Row = Mapping[str, Any]
"""One event: column → value."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Columns that the rule uses."""

    key: str
    erased_type: str
    nullable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """Everything known about one key, each list in the order of versions.

    kept: in the event store already. dumped: in the dump. published: on the topic.
    erased_at: the key was erased at this time, whatever the events are.
    """

    kept: Sequence[Row] = ()
    dumped: Sequence[Row] = ()
    published: Sequence[Row] = ()
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """Rows to store, and their gaps.

    gaps: first and last version of each range that is lost.
    added: events that only the topic had. withdrawn: rows of the dump that are not stored.
    """

    rows: Sequence[Row]
    gaps: Sequence[tuple[int, int]] = field(default=())
    added: int = 0
    withdrawn: int = 0
    is_erased: bool = False


def complete(found: Found, shape: Shape) -> Completed:
    """Join what is known of one key.

    An erasure wins over everything: its marker alone is stored. Else each version of the dump and
    of the topic is stored. Where the two disagree on a version, the published event wins, since
    the views have applied it; later rows of the dump that were never published are left out.
    """
    if found.kept:
        return Completed(found.kept)
    known = [*found.dumped, *found.published]
    marker = _marker(known, found.erased_at, shape)
    if marker is not None:
        added = 0 if marker in found.dumped else 1
        return Completed([marker], (), added, len(found.dumped) - 1 + added, is_erased=True)
    by_version = _joined(found)
    rows = [by_version[version] for version in sorted(by_version)]
    dumped = {row["event_id"] for row in found.dumped}
    loaded = sum(row["event_id"] in dumped for row in rows)
    gaps = list(_gaps(sorted(by_version)))
    return Completed(rows, gaps, len(rows) - loaded, len(found.dumped) - loaded)


def _marker(known: Sequence[Row], erased_at: datetime | None, shape: Shape) -> Row | None:
    """Return the event that remains of an erased key; None: not erased, or nothing is known."""
    markers = [row for row in known if row["type"] == shape.erased_type]
    if markers:
        return max(markers, key=_version)
    if erased_at is None or not known:
        return None
    newest = max(known, key=_version)
    emptied = {name: None if name in shape.nullable else value for name, value in newest.items()}
    version = newest["version"] + 1
    # Derived from the key, so that a second run creates the same one.
    event_id = str(uuid5(NAMESPACE_OID, f"{newest[shape.key]} {version}"))
    return emptied | {
        "version": version,
        "event_id": event_id,
        "type": shape.erased_type,
        "occurred_at": erased_at,
    }


def _joined(found: Found) -> dict[int, Row]:
    published = {row["version"]: row for row in found.published}
    disagreements = [
        row["version"]
        for row in found.dumped
        if (other := published.get(row["version"])) and other["event_id"] != row["event_id"]
    ]
    end = min(disagreements, default=None)
    # The dump's row first: it has the idempotency key, which is not published.
    dumped = {r["version"]: r for r in found.dumped if end is None or r["version"] < end}
    return published | dumped


def _gaps(versions: Sequence[int]) -> Iterator[tuple[int, int]]:
    before = 0
    for version in versions:
        if version > before + 1:
            yield before + 1, version - 1
        before = version


def _version(row: Row) -> int:
    version: int = row["version"]
    return version
