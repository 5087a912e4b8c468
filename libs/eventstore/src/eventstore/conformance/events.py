"""Conformance suite of event stores: append, load, history, erasure."""

import asyncio
from typing import Any

import pytest

from eventstore.conformance.samples import NO_KEY, NOON, Samples, keyed
from eventstore.ids import uuid7
from eventstore.ports import EventStore, KeyTaken, StreamConflict


async def test_an_unknown_id_has_no_events(store: EventStore[Any]) -> None:
    assert await store.newest(uuid7(NOON)) is None
    assert await store.history(uuid7(NOON), 0, 10) == []


@pytest.mark.parametrize(
    "text", ["Zoë", "Žižek", "李小龍", "O'Brien", "Anne-Marie", "😀", "محمد", 'a"b\\c%_', "x" * 100]
)
async def test_stored_event_round_trips(store: EventStore[Any], events: Samples, text: str) -> None:
    event = events.created(text)
    await store.append(event, NO_KEY)
    assert await store.newest(events.id_of(event)) == event


async def test_the_newest_event_is_the_last_version(
    store: EventStore[Any], events: Samples
) -> None:
    first = events.created()
    second = events.after(first)
    await store.append(first, NO_KEY)
    await store.append(second, NO_KEY)
    assert await store.newest(events.id_of(first)) == second
    assert await store.history(events.id_of(first), 0, 10) == [first, second]
    assert await store.history(events.id_of(first), 0, 1) == [first]
    assert await store.history(events.id_of(first), 1, 10) == [second]


async def test_slower_of_two_writers_gets_a_conflict(
    store: EventStore[Any], events: Samples
) -> None:
    first = events.created()
    await store.append(first, NO_KEY)
    left = events.after(first, "Left")
    await store.append(left, NO_KEY)
    with pytest.raises(StreamConflict):
        await store.append(events.after(first, "Right"), NO_KEY)
    assert await store.newest(events.id_of(first)) == left


async def test_of_twenty_writers_at_once_one_wins(store: EventStore[Any], events: Samples) -> None:
    first = events.created()
    await store.append(first, NO_KEY)
    rivals = [events.after(first, f"Rival {number}") for number in range(20)]
    outcomes = await asyncio.gather(
        *(store.append(rival, NO_KEY) for rival in rivals), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, StreamConflict) for outcome in outcomes if outcome is not None)
    assert len(await store.history(events.id_of(first), 0, 50)) == 2


async def test_erasure_keeps_only_the_last_event(store: EventStore[Any], events: Samples) -> None:
    first = events.created()
    second = events.after(first)
    last = events.deleted(second)
    await store.append(first, NO_KEY)
    await store.append(second, NO_KEY)
    await store.erase(last, NO_KEY)
    assert await store.history(events.id_of(first), 0, 10) == [last]


async def test_an_erasure_that_lost_its_race_removes_nothing(
    store: EventStore[Any], events: Samples
) -> None:
    first = events.created()
    second = events.after(first)
    await store.append(first, NO_KEY)
    await store.append(second, NO_KEY)
    with pytest.raises(StreamConflict):
        await store.erase(events.deleted(first), NO_KEY)
    assert await store.history(events.id_of(first), 0, 10) == [first, second]


async def test_of_a_deletion_and_renames_at_once_one_wins(
    store: EventStore[Any], events: Samples
) -> None:
    first = events.created()
    await store.append(first, NO_KEY)
    outcomes = await asyncio.gather(
        store.erase(events.deleted(first), NO_KEY),
        *(store.append(events.after(first, f"Rival {number}"), NO_KEY) for number in range(10)),
        return_exceptions=True,
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, StreamConflict) for outcome in outcomes if outcome is not None)


async def test_write_based_on_an_erased_event_conflicts(
    store: EventStore[Any],
    events: Samples,
) -> None:
    """Otherwise a name would come back under a version that the erasure has freed."""
    first = events.created()
    second = events.after(first)
    third = events.after(second)
    last = events.deleted(third)
    for event in (first, second, third):
        await store.append(event, NO_KEY)
    await store.erase(last, NO_KEY)
    with pytest.raises(StreamConflict):
        await store.append(events.after(second, "Late"), NO_KEY)
    with pytest.raises(StreamConflict):
        await store.erase(events.deleted(second), NO_KEY)
    assert await store.history(events.id_of(first), 0, 10) == [last]


async def test_an_event_is_found_by_its_key(store: EventStore[Any], events: Samples) -> None:
    event, request = events.created(), keyed()
    await store.append(event, request)
    assert request.idempotency_key is not None
    assert await store.results(request.idempotency_key) == [(event, request.request_hash)]
    assert await store.results(uuid7(NOON)) == []


async def test_a_key_belongs_to_one_event(store: EventStore[Any], events: Samples) -> None:
    request, other = keyed(), events.created("Bob")
    await store.append(events.created(), request)
    with pytest.raises(KeyTaken):
        await store.append(other, request)
    assert await store.newest(events.id_of(other)) is None


async def test_of_twenty_events_with_one_key_one_is_stored(
    store: EventStore[Any], events: Samples
) -> None:
    request = keyed()
    outcomes = await asyncio.gather(
        *(store.append(events.created(), request) for _ in range(20)), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, KeyTaken) for outcome in outcomes if outcome is not None)


async def test_an_erased_event_frees_its_key(store: EventStore[Any], events: Samples) -> None:
    first, request = events.created(), keyed()
    await store.append(first, request)
    await store.erase(events.deleted(first), NO_KEY)
    await store.append(events.created(), request)
