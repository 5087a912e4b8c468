"""Conformance suite of views for verification; see projections.verification.drift.View."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic

from chassis.testing import eventually
from projections.conformance.changes import ANN, BOB, C, Changes
from projections.ports import Views
from projections.verification.drift import Actual, Repair, View


@dataclass(frozen=True)
class AuditUnderTest(Generic[C]):
    """The audit of an empty view, and the writer of the same generation."""

    audit: View[C]
    views: Views[C]
    changes: Changes[C]
    show: Callable[[], Awaitable[object]]
    """Make all writes visible to pages."""

    async def seen(self, key: str) -> Actual:
        """Return what the view holds under an existing key."""
        return (await self.audit.read([key]))[key]

    async def holds(self, change: C) -> None:
        """Assert that the view holds exactly the result of the change."""
        actual = await self.seen(change.key)
        assert (actual.version, actual.content) == (change.version, self.audit.content(change))


Subject = AuditUnderTest[Any]


async def test_pages_and_reads_show_applied_changes(subject: Subject) -> None:
    ann, bob, gone = subject.changes.put(ANN, 1), subject.changes.put(BOB, 3), BOB.upper()
    await subject.views.apply([ann, bob])
    await subject.show()
    page = await subject.audit.page("", None, [ANN, BOB])
    assert page.to is None
    assert page.held == await subject.audit.read([ANN, BOB, gone])
    assert page.held.keys() == {ANN, BOB}
    await subject.holds(ann)
    await subject.holds(bob)


async def test_page_has_only_the_keys_of_its_range(subject: Subject) -> None:
    await subject.views.apply([subject.changes.put(ANN, 1), subject.changes.put(BOB, 1)])
    await subject.show()
    assert (await subject.audit.page("", ANN, [ANN])).held.keys() == {ANN}
    assert (await subject.audit.page(ANN, None, [BOB])).held.keys() == {BOB}


async def test_deleted_aggregate_is_held_as_a_marker(subject: Subject) -> None:
    await subject.views.apply([subject.changes.put(ANN, 1)])
    await subject.views.apply([subject.changes.erase(ANN, 2)])
    await subject.holds(subject.changes.erase(ANN, 2))


async def test_a_missing_aggregate_is_written(subject: Subject) -> None:
    assert await subject.audit.read([ANN]) == {}
    await subject.audit.apply_repairs([Repair(ANN, None, subject.changes.put(ANN, 2))])
    await subject.holds(subject.changes.put(ANN, 2))


async def test_content_that_differs_at_the_same_version_is_replaced(subject: Subject) -> None:
    await subject.views.apply([subject.changes.put(ANN, 2, "Wrong")])
    seen, right = await subject.seen(ANN), subject.changes.put(ANN, 2)
    assert seen.content != subject.audit.content(right)
    await subject.audit.apply_repairs([Repair(ANN, seen, right)])
    await subject.holds(right)


async def test_a_version_that_is_ahead_is_set_back(subject: Subject) -> None:
    await subject.views.apply([subject.changes.put(ANN, 9)])
    right = subject.changes.put(ANN, 2)
    await subject.audit.apply_repairs([Repair(ANN, await subject.seen(ANN), right)])
    await subject.holds(right)
    await subject.views.apply([subject.changes.put(ANN, 3)])
    await subject.holds(subject.changes.put(ANN, 3))


async def test_key_unknown_to_the_source_is_removed_with_its_version(
    subject: Subject,
) -> None:
    await subject.views.apply([subject.changes.put(ANN, 9)])
    await subject.audit.apply_repairs([Repair(ANN, await subject.seen(ANN), None)])
    assert await subject.audit.read([ANN]) == {}

    async def takes_the_first_version() -> None:
        """OpenSearch remembers the version of a deleted document for a moment."""
        first = subject.changes.put(ANN, 1)
        await subject.views.apply([first])
        assert ANN in await subject.audit.read([ANN])
        await subject.holds(first)

    await eventually(takes_the_first_version)


async def test_key_changed_since_it_was_read_is_not_repaired(subject: Subject) -> None:
    await subject.views.apply([subject.changes.put(ANN, 5)])
    seen = await subject.seen(ANN)
    await subject.views.apply([subject.changes.put(ANN, 6)])
    await subject.audit.apply_repairs([Repair(ANN, seen, None)])
    await subject.holds(subject.changes.put(ANN, 6))
