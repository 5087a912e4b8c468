"""Compare what the event store has of a key with what a view holds: equal, or a kind of drift.

Pure, with the ports through which projections.verification.verification reads the two.
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
    """The view has the event store's version with other content."""
    AHEAD = "ahead"
    """The view has a version that the event store has not, and so would refuse the next events."""
    EXTRA = "extra"
    """The view has a key that the event store has not."""
    UNREADABLE = "unreadable"
    """The newest event is one that the projector cannot read: its dead letter."""


LAG = {DriftKind.MISSING, DriftKind.STALE}
"""What a view that follows shows, too, for a while; the other kinds it never shows."""


@dataclass(frozen=True, slots=True)
class Expected(Generic[C]):
    """What the event store has of a key, and what the view should hold of it."""

    version: int
    change: C | None
    """None: the projector cannot read the event."""
    content: object
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Actual:
    """What a view holds of a key."""

    version: int
    """As the view's guard takes it; 0: none."""
    content: object
    """Comparable with Expected.content."""
    mark: Any = None
    """Whatever the view needs to see later that it still holds just this."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A finding. 0: no version."""

    kind: DriftKind
    key: str
    event_store: int
    view: int


def agree(expected: Expected[C] | None, held: Actual | None) -> bool:
    """Whether nothing need be read again."""
    if expected is None or held is None:
        return expected is None and held is None
    return (
        expected.change is not None
        and expected.version == held.version
        and expected.content == held.content
    )


def classify(expected: Expected[C] | None, held: Actual | None, target: int) -> DriftKind | None:
    """The kind of drift, or None; `held` was read before `expected`.

    target: the version that the event store had when the key was first read. A view that has
    reached it follows, however often the key changes meanwhile.
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
        """The first keys after the given one, in order."""

    async def read(self, keys: Collection[str]) -> Sequence[Row]:
        """Those of the keys that there are, as they are now."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a view holds in a span of keys."""

    held: Mapping[str, Actual]
    to: str | None
    """The last key of the span; None: there is nothing after it."""


@dataclass(frozen=True, slots=True)
class Repair(Generic[C]):
    """A key that a view shall hold as the change says (None: not at all), and what it held."""

    key: str
    held: Actual | None
    change: C | None


class View(Protocol[C]):
    """A view as verification needs it; each method raises Unavailable."""

    def content(self, change: C) -> object:
        """What Actual.content is after the change."""

    async def page(self, after: str, to: str | None, known: Collection[str]) -> Page:
        """All it holds after `after` up to `to` (None: the end); `known`: the keys of events there.

        The span may end earlier, so that it has a bounded number of keys.
        """

    async def read(self, keys: Collection[str]) -> Mapping[str, Actual]:
        """What it holds of these keys at this moment."""

    def unlisted(self) -> AsyncIterator[Sequence[str]]:
        """In bounded portions every key that no page shows unless the event store has it."""

    async def apply_repairs(self, repairs: Sequence[Repair[C]]) -> None:
        """Make each repair, unless the view holds something else than it did."""


@dataclass(frozen=True, slots=True)
class Compared(Generic[C]):
    """What a run of verification needs: the events, and a view with the projection into it."""

    event_source: EventSource
    project: Callable[[Mapping[str, Any]], C]
    view: View[C]
