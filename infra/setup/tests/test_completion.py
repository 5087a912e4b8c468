"""Rule that completes one history."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from platform_setup.recovery.completion import Completed, Found, Row, Shape, complete

USER = "01890000-0000-7000-8000-000000000001"
BEGAN = datetime(2026, 11, 1)  # noqa: DTZ001 - as the event store has it
SHAPE = Shape(
    "user_id", "UserDeleted", frozenset({"first_name", "idempotency_key", "request_hash"})
)


def event(version: int, kind: str = "UserRenamed", **columns: Any) -> Row:
    row = {
        "user_id": USER,
        "version": version,
        "event_id": f"event {version}",
        "type": kind,
        "first_name": f"Name {version}",
        "created_at": BEGAN,
        "occurred_at": BEGAN + timedelta(seconds=version),
        "idempotency_key": None,
        "request_hash": None,
    }
    return row | columns


def versions(done: Completed) -> list[int]:
    return [row["version"] for row in done.rows]


def test_newer_events_of_the_topic_follow_those_of_the_dump() -> None:
    done = complete(
        Found(
            dumped=[event(1, idempotency_key="key"), event(2)],
            published=[event(1), event(2), event(3)],
        ),
        SHAPE,
    )
    assert versions(done) == [1, 2, 3]
    assert (done.gaps, done.added, done.withdrawn) == ([], 1, 0)
    assert done.rows[0]["idempotency_key"] == "key"


def test_events_of_the_dump_that_were_never_published_are_kept() -> None:
    done = complete(Found(dumped=[event(1), event(2), event(3)], published=[event(2)]), SHAPE)
    assert versions(done) == [1, 2, 3]


def test_versions_that_compaction_removed_are_a_gap() -> None:
    done = complete(Found(dumped=[event(1), event(2)], published=[event(5), event(9)]), SHAPE)
    assert versions(done) == [1, 2, 5, 9]
    assert done.gaps == [(3, 4), (6, 8)]


def test_a_user_created_after_the_dump_may_lack_the_beginning() -> None:
    done = complete(Found(published=[event(4)]), SHAPE)
    assert (versions(done), done.gaps) == ([4], [(1, 3)])


def test_erased_user_has_only_its_marker_stored() -> None:
    marker = event(4, "UserDeleted", first_name=None)
    done = complete(Found(dumped=[event(1), event(2)], published=[event(3), marker]), SHAPE)
    assert done == Completed([marker], (), added=1, withdrawn=2, is_erased=True)


def test_marker_in_the_dump_is_stored_unchanged() -> None:
    marker = event(4, "UserDeleted", first_name=None, idempotency_key="key")
    for published in ([], [event(4, "UserDeleted", first_name=None)], [event(3)]):
        done = complete(Found(dumped=[marker], published=published), SHAPE)
        assert done == Completed([marker], (), added=0, withdrawn=0, is_erased=True)


def test_erasure_without_marker_gets_one_after_the_newest_version() -> None:
    """The ledger has the id, or tombstones were published and the marker was not."""
    erased_at = BEGAN + timedelta(days=1)
    found = Found(dumped=[event(1), event(2)], published=[event(3)], erased_at=erased_at)
    (marker,) = complete(found, SHAPE).rows
    assert (marker["version"], marker["type"], marker["occurred_at"]) == (
        4,
        "UserDeleted",
        erased_at,
    )
    assert (marker["first_name"], marker["created_at"]) == (None, BEGAN)
    assert complete(found, SHAPE).rows == [marker], "a second run makes the same"
    assert complete(Found(erased_at=erased_at), SHAPE).rows == []


def test_published_event_wins_over_dump() -> None:
    """The dump is of a MySQL that was also lost before these were published."""
    found = Found(
        dumped=[event(1), event(2, event_id="lost"), event(3, event_id="lost, too")],
        published=[event(2)],
    )
    done = complete(found, SHAPE)
    assert [row["event_id"] for row in done.rows] == ["event 1", "event 2"]
    assert done.withdrawn == 2


def test_events_in_the_event_store_are_kept() -> None:
    kept = [event(1)]
    found = Found(kept=kept, published=[event(1), event(2)], erased_at=BEGAN)
    assert complete(found, SHAPE).rows == kept


@given(
    newest=st.integers(1, 8),
    dumped=st.integers(0, 8),
    compacted=st.sets(st.integers(1, 8)),
    is_erased=st.booleans(),
    is_announced=st.booleans(),
)
def test_newest_version_is_restored_from_any_dump_and_compaction(
    newest: int, dumped: int, compacted: set[int], *, is_erased: bool, is_announced: bool
) -> None:
    history = [event(version) for version in range(1, newest + 1)]
    dump = history[:dumped]
    published = [row for row in history if row["version"] not in compacted - {newest}]
    if is_erased and is_announced:
        published.append(event(newest + 1, "UserDeleted", first_name=None))
    erased_at = BEGAN if is_erased else None
    done = complete(Found(dumped=dump, published=published, erased_at=erased_at), SHAPE)
    if is_erased:
        assert versions(done) == [newest + 1]
        assert done.rows[0]["first_name"] is None
    else:
        assert versions(done)[-1] == newest
        missing = {v for first, last in done.gaps for v in range(first, last + 1)}
        assert sorted({*versions(done), *missing}) == list(range(1, newest + 1))
        assert missing.isdisjoint(versions(done))
