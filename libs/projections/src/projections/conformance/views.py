"""What every store of a view promises to its writer; see projections.ports.Views."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic

import pytest

from projections.conformance.changes import ANN, BOB, LOG, C, Changes
from projections.ports import OffsetMoved, Views


@dataclass(frozen=True)
class ViewsUnderTest(Generic[C]):
    """An empty view, and ways to inspect it without the adapter."""

    views: Views[C]
    changes: Changes[C]
    held: Callable[[str], Awaitable[object]]
    """Return what the store holds under a key."""
    lose_everything: Callable[[], Awaitable[object]]
    """Delete all data of the store."""


Subject = ViewsUnderTest[Any]


async def test_a_change_is_held(subject: Subject) -> None:
    ann, bob = subject.changes.put(ANN, 1), subject.changes.put(BOB, 3)
    assert await subject.views.apply([ann, bob]) == []
    assert await subject.held(ANN) == subject.changes.content(ann)
    assert await subject.held(BOB) == subject.changes.content(bob)


@pytest.mark.parametrize("late", [1, 2])
async def test_an_older_or_equal_version_changes_nothing(subject: Subject, late: int) -> None:
    first = subject.changes.put(ANN, 2)
    await subject.views.apply([first])
    assert await subject.views.apply([subject.changes.put(ANN, late, "Late")]) == []
    assert await subject.held(ANN) == subject.changes.content(first)


async def test_a_newer_version_wins(subject: Subject) -> None:
    newer = subject.changes.put(ANN, 10, "Anna")
    await subject.views.apply([subject.changes.put(ANN, 2)])
    await subject.views.apply([newer])
    assert await subject.held(ANN) == subject.changes.content(newer)


async def test_deletion_marker_blocks_late_repeats(
    subject: Subject,
) -> None:
    changes, deleted = subject.changes, subject.changes.erase(ANN, 3)
    await subject.views.apply([changes.put(ANN, 1)])
    await subject.views.apply([deleted])
    await subject.views.apply([changes.put(ANN, 1), changes.put(BOB, 1)])
    await subject.views.apply([changes.put(ANN, 2)])
    assert await subject.held(ANN) == changes.content(deleted)


async def test_aggregate_deleted_before_it_was_seen_stays_deleted(subject: Subject) -> None:
    deleted = subject.changes.erase(ANN, 2)
    await subject.views.apply([deleted])
    await subject.views.apply([subject.changes.put(ANN, 1)])
    assert await subject.held(ANN) == subject.changes.content(deleted)


async def test_apply_without_changes_does_nothing(subject: Subject) -> None:
    assert await subject.views.apply([]) == []


async def test_offsets_are_kept_by_partition(subject: Subject) -> None:
    views = subject.views
    assert await views.offsets(LOG, [0, 1]) == {0: None, 1: None}
    await views.advance(LOG, {0: (None, 5)})
    await views.advance(LOG, {0: (5, 7), 1: (None, 1)})
    assert await views.offsets(LOG, [0, 1, 2]) == {0: 7, 1: 1, 2: None}


async def test_offsets_are_separate_for_each_log(subject: Subject) -> None:
    views = subject.views
    await views.advance(LOG, {0: (None, 5)})
    assert await views.offsets("recreated", [0]) == {0: None}
    await views.advance("recreated", {0: (None, 3)})
    assert await views.offsets(LOG, [0]) == {0: 5}


async def test_advance_is_idempotent(subject: Subject) -> None:
    await subject.views.advance(LOG, {0: (None, 5)})
    await subject.views.advance(LOG, {0: (None, 5)})
    assert await subject.views.offsets(LOG, [0]) == {0: 5}


@pytest.mark.parametrize("expected", [None, 4, 6])
async def test_an_offset_that_another_writer_moved_is_reported(
    subject: Subject, expected: int | None
) -> None:
    await subject.views.advance(LOG, {0: (None, 5)})
    with pytest.raises(OffsetMoved):
        await subject.views.advance(LOG, {0: (expected, 9)})
    assert await subject.views.offsets(LOG, [0]) == {0: 5}


async def test_a_store_that_lost_everything_is_reported_by_its_offset(subject: Subject) -> None:
    await subject.views.advance(LOG, {0: (None, 5)})
    await subject.lose_everything()
    with pytest.raises(OffsetMoved):
        await subject.views.advance(LOG, {0: (5, 9)})
    assert await subject.views.offsets(LOG, [0]) == {0: None}


async def test_a_first_batch_that_is_lost_before_its_offset_is_reported(subject: Subject) -> None:
    assert await subject.views.claim(LOG, [0]) == {0: 0}
    await subject.views.apply([subject.changes.put(ANN, 1)])
    await subject.lose_everything()
    with pytest.raises(OffsetMoved):
        await subject.views.advance(LOG, {0: (0, 1)})
