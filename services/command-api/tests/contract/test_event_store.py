"""What every event store promises."""

import asyncio

import pytest
from user_events import NO_KEY, NOON, after, created, deleted, keyed

from command_api.ports import EventStore, KeyTaken, StreamConflict
from command_api.wiring import uuid7


async def test_an_unknown_user_has_no_events(store: EventStore) -> None:
    assert await store.newest(uuid7(NOON)) is None
    assert await store.history(uuid7(NOON), 0, 10) == []


@pytest.mark.parametrize(
    "name", ["Zoë", "Žižek", "李小龍", "O'Brien", "Anne-Marie", "😀", "محمد", 'a"b\\c%_', "x" * 100]
)
async def test_what_is_stored_comes_back_to_the_last_bit(store: EventStore, name: str) -> None:
    event = created(name)
    await store.append(event, NO_KEY)
    assert await store.newest(event.user_id) == event


async def test_the_newest_event_is_the_last_version(store: EventStore) -> None:
    first = created()
    second = after(first)
    await store.append(first, NO_KEY)
    await store.append(second, NO_KEY)
    assert await store.newest(first.user_id) == second
    assert await store.history(first.user_id, 0, 10) == [first, second]
    assert await store.history(first.user_id, 0, 1) == [first]
    assert await store.history(first.user_id, 1, 10) == [second]


async def test_the_slower_of_two_writers_is_told(store: EventStore) -> None:
    first = created()
    await store.append(first, NO_KEY)
    await store.append(after(first, "Left"), NO_KEY)
    with pytest.raises(StreamConflict):
        await store.append(after(first, "Right"), NO_KEY)
    newest = await store.newest(first.user_id)
    assert newest is not None
    assert newest.first_name == "Left"


async def test_of_twenty_writers_at_once_one_wins(store: EventStore) -> None:
    first = created()
    await store.append(first, NO_KEY)
    rivals = [after(first, f"Rival {number}") for number in range(20)]
    outcomes = await asyncio.gather(
        *(store.append(rival, NO_KEY) for rival in rivals), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, StreamConflict) for outcome in outcomes if outcome is not None)
    assert len(await store.history(first.user_id, 0, 50)) == 2


async def test_erasure_leaves_the_last_event_alone(store: EventStore) -> None:
    first = created()
    second = after(first)
    last = deleted(second)
    await store.append(first, NO_KEY)
    await store.append(second, NO_KEY)
    await store.erase(last, NO_KEY)
    assert await store.history(first.user_id, 0, 10) == [last]


async def test_an_erasure_that_lost_its_race_removes_nothing(store: EventStore) -> None:
    first = created()
    second = after(first)
    await store.append(first, NO_KEY)
    await store.append(second, NO_KEY)
    with pytest.raises(StreamConflict):
        await store.erase(deleted(first), NO_KEY)
    assert await store.history(first.user_id, 0, 10) == [first, second]


async def test_of_a_deletion_and_renames_at_once_one_wins(store: EventStore) -> None:
    first = created()
    await store.append(first, NO_KEY)
    outcomes = await asyncio.gather(
        store.erase(deleted(first), NO_KEY),
        *(store.append(after(first, f"Rival {number}"), NO_KEY) for number in range(10)),
        return_exceptions=True,
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, StreamConflict) for outcome in outcomes if outcome is not None)


async def test_whoever_decided_before_an_erasure_comes_too_late(store: EventStore) -> None:
    """Else a name would come back under a version that the erasure has freed."""
    first = created()
    second = after(first)
    third = after(second)
    last = deleted(third)
    for event in (first, second, third):
        await store.append(event, NO_KEY)
    await store.erase(last, NO_KEY)
    with pytest.raises(StreamConflict):
        await store.append(after(second, "Late"), NO_KEY)
    with pytest.raises(StreamConflict):
        await store.erase(deleted(second), NO_KEY)
    assert await store.history(first.user_id, 0, 10) == [last]


async def test_an_event_is_found_by_its_key(store: EventStore) -> None:
    event, request = created(), keyed()
    await store.append(event, request)
    assert request.idempotency_key is not None
    assert await store.by_key(request.idempotency_key) == [(event, request.request_hash)]
    assert await store.by_key(uuid7(NOON)) == []


async def test_a_key_belongs_to_one_event(store: EventStore) -> None:
    request, other = keyed(), created("Bob")
    await store.append(created(), request)
    with pytest.raises(KeyTaken):
        await store.append(other, request)
    assert await store.newest(other.user_id) is None


async def test_of_twenty_events_with_one_key_one_is_stored(store: EventStore) -> None:
    request = keyed()
    outcomes = await asyncio.gather(
        *(store.append(created(), request) for _ in range(20)), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, KeyTaken) for outcome in outcomes if outcome is not None)


async def test_an_erased_event_frees_its_key(store: EventStore) -> None:
    first, request = created(), keyed()
    await store.append(first, request)
    await store.erase(deleted(first), NO_KEY)
    await store.append(created(), request)
