"""Drift between the event store and a view, for one key.

Pure functions, and the ports through which projections.verification.verification reads the two.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from projections.ports import Change

C = TypeVar("C", bound=Change)


class DriftKind(StrEnum):
    """How a view differs from the event store."""

    MISSING = "missing"
    """The event store has the key; the view has nothing."""
    STALE = "stale"
    """The view has an earlier version."""
    DIFFERENT = "different"
    """The view has the event store's version with different content."""
    AHEAD = "ahead"
    """The view has a version that the event store lacks, so it would reject the next events."""
    EXTRA = "extra"
    """The view has a key that the event store lacks."""
    UNREADABLE = "unreadable"
    """The projector cannot decode the newest event: it is a dead letter."""


LAG = {DriftKind.MISSING, DriftKind.STALE}
"""Kinds that also occur while a view catches up; the other kinds never do."""


@dataclass(frozen=True, slots=True)
class Expected(Generic[C]):
    """The newest event of a key, and what the view should hold."""

    version: int
    change: C | None
    """None: the projector cannot decode the event."""
    content: object
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Actual:
    """What a view holds for a key."""

    version: int
    """The version that the view's guard compares; 0: none."""
    content: object
    """Comparable with Expected.content."""
    mark: Any = None
    """Opaque to callers: the view uses it to detect later changes."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A finding. 0: no version."""

    kind: DriftKind
    key: str
    event_store: int
    view: int


def agree(expected: Expected[C] | None, held: Actual | None) -> bool:
    """Whether the two agree, so that the key need not be read again."""
    if expected is None or held is None:
        return expected is None and held is None
    return (
        expected.change is not None
        and expected.version == held.version
        and expected.content == held.content
    )


def classify(expected: Expected[C] | None, held: Actual | None, target: int) -> DriftKind | None:
    """Return the kind of drift, or None; `held` was read before `expected`.

    target: the version that the event store had when the key was first read. A view that has
    reached it keeps up, however often the key changes meanwhile.
    """
    if expected is None:
        return DriftKind.EXTRA if held else None
    if expected.change is None:
        return DriftKind.UNREADABLE
    version = held.version if held else 0
    if version > expected.version:
        return DriftKind.AHEAD
    if held and version == expected.version:
        return None if held.content == expected.content else DriftKind.DIFFERENT
    if version >= target:
        return None
    return DriftKind.STALE if version else DriftKind.MISSING


Row = tuple[str, int, Mapping[str, Any]]
"""A key, its newest version, and the event as the projector reads it."""


class EventSource(Protocol):
    """The newest event of every key; each method raises Unavailable."""

    async def page(self, after: str, limit: int) -> Sequence[Row]:
        """Return the first keys after the given one, in order."""

    async def read(self, keys: Collection[str]) -> Sequence[Row]:
        """Return the current rows of those keys that exist."""


@dataclass(frozen=True, slots=True)
class Page:
    """The content of a view in a range of keys."""

    held: Mapping[str, Actual]
    to: str | None
    """The last key of the range; None: the range is open-ended."""


@dataclass(frozen=True, slots=True)
class Repair(Generic[C]):
    """A key to write as the change describes (None: delete), and what the view held."""

    key: str
    held: Actual | None
    change: C | None


class View(Protocol[C]):
    """A view as verification needs it; each method raises Unavailable."""

    def content(self, change: C) -> object:
        """Return Actual.content after the change."""

    async def page(self, after: str, to: str | None, known: Collection[str]) -> Page:
        """Return what it holds after `after` up to `to` (None: the end).

        known: the event store's keys in that range. The range may end earlier, so that it has a
        bounded number of keys.
        """

    async def read(self, keys: Collection[str]) -> Mapping[str, Actual]:
        """Return what it holds for these keys now."""

    def unlisted(self) -> AsyncIterator[Sequence[str]]:
        """Yield, in bounded portions, keys that a page returns only if they are in `known`."""

    async def apply_repairs(self, repairs: Sequence[Repair[C]]) -> None:
        """Apply each repair, unless the view has changed since it was read."""


@dataclass(frozen=True, slots=True)
class Compared(Generic[C]):
    """The two sides of a verification: the events, and a view with its projection."""

    event_source: EventSource
    project: Callable[[Mapping[str, Any]], C]
    view: View[C]
