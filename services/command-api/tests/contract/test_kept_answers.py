"""What every event store promises of answers to idempotency keys that append no event."""

import asyncio
from dataclasses import replace

import pytest
from user_events import NO_KEY, NOON, after, created, deleted, keyed

from chassis.problems import FieldError, Kind
from command_api.ports import Answer, EventStore, KeyTaken, Refusal, Request, StreamConflict
from command_api.user import UserEvent
from command_api.wiring import uuid7

GONE = Refusal(Kind.NOT_FOUND, "no user has the id x")
INVALID = Refusal(Kind.INVALID, "wrong", (FieldError("a", "wrong"), FieldError("b", "wrong, too")))


async def answers(store: EventStore, request: Request) -> list[Answer]:
    return [answer for answer, _ in await store.by_key(request.idempotency_key or "")]


@pytest.mark.parametrize("refusal", [GONE, INVALID], ids=lambda refusal: refusal.kind)
async def test_kept_refusal_is_found_by_its_key(store: EventStore, refusal: Refusal) -> None:
    request = keyed()
    await store.keep(refusal, request)
    assert await store.by_key(request.idempotency_key or "") == [(refusal, request.request_hash)]


async def test_kept_event_is_found_although_newer_ones_follow(store: EventStore) -> None:
    first, request = created(), keyed()
    await store.append(first, NO_KEY)
    await store.append(after(first), NO_KEY)
    await store.keep(first, request)
    assert await store.by_key(request.idempotency_key or "") == [(first, request.request_hash)]


async def test_key_keeps_its_first_answer(store: EventStore) -> None:
    first, request = created(), keyed()
    await store.append(first, NO_KEY)
    await store.keep(GONE, request)
    for answer in (INVALID, first):
        with pytest.raises(KeyTaken):
            await store.keep(answer, request)
    assert await answers(store, request) == [GONE]


@pytest.mark.parametrize("answer", [GONE, None], ids=["refusal", "event"])
async def test_key_of_an_event_takes_no_other_answer(
    store: EventStore, answer: Refusal | None
) -> None:
    first, request = created(), keyed()
    second = after(first)
    await store.append(first, NO_KEY)
    await store.append(second, request)
    with pytest.raises(KeyTaken):
        await store.keep(answer or first, request)
    assert await answers(store, request) == [second]


async def test_key_of_a_kept_answer_appends_nothing(store: EventStore) -> None:
    first, request = created(), keyed()
    await store.append(first, NO_KEY)
    await store.keep(GONE, request)
    with pytest.raises(KeyTaken):
        await store.append(after(first), request)
    with pytest.raises(KeyTaken):
        await store.erase(deleted(first), request)
    assert await store.history(first.user_id, 0, 10) == [first]


async def test_lost_race_leaves_its_key_new(store: EventStore) -> None:
    first, request = created(), keyed()
    await store.append(first, NO_KEY)
    await store.append(after(first), NO_KEY)
    for lost in (store.append(after(first), request), store.erase(deleted(first), request)):
        with pytest.raises(StreamConflict):
            await lost
    assert await answers(store, request) == []
    await store.keep(GONE, request)


async def test_create_and_refusal_of_two_requests_with_one_key_are_both_found(
    store: EventStore,
) -> None:
    first, request = created(), keyed()
    other = replace(request, request_hash="1" * 64)
    await store.keep(GONE, other)
    await store.append(first, request)
    found = await store.by_key(request.idempotency_key or "")
    assert found == [(first, request.request_hash), (GONE, other.request_hash)]


async def test_of_twenty_different_answers_at_once_one_is_kept(store: EventStore) -> None:
    """Refusals, events that were there already, renames and deletions, as replicas decide them."""
    for _ in range(10):
        first, request = created(), keyed()
        await store.append(first, NO_KEY)
        ways = [
            *(store.keep(replace(GONE, detail=f"refusal {n}"), request) for n in range(5)),
            *(store.keep(first, request) for _ in range(5)),
            *(store.append(after(first, f"Rival {n}"), request) for n in range(5)),
            *(store.erase(deleted(first), request) for _ in range(5)),
        ]
        outcomes = await asyncio.gather(*ways, return_exceptions=True)
        lost = [outcome for outcome in outcomes if outcome is not None]
        assert all(isinstance(one, KeyTaken | StreamConflict) for one in lost), lost
        assert len(lost) == len(ways) - 1
        (found,) = await answers(store, request)
        assert await newest(store, first) in (first, found)


async def test_erasure_forgets_the_answers_that_refer_to_erased_events(store: EventStore) -> None:
    first, of_event, of_refusal = created(), keyed(), keyed()
    await store.append(first, NO_KEY)
    await store.keep(first, of_event)
    await store.keep(GONE, of_refusal)
    await store.erase(deleted(first), NO_KEY)
    assert await answers(store, of_event) == []
    assert await answers(store, of_refusal) == [GONE]
    await store.keep(GONE, of_event)


async def test_an_erased_event_is_not_kept(store: EventStore) -> None:
    first, request = created(), keyed()
    await store.append(first, NO_KEY)
    await store.erase(deleted(first), NO_KEY)
    with pytest.raises(StreamConflict):
        await store.keep(first, request)
    assert await answers(store, request) == []


async def test_kept_answer_and_erasure_at_once_leave_no_reference(store: EventStore) -> None:
    for _ in range(10):
        first, requests = created(), [keyed() for _ in range(5)]
        await store.append(first, NO_KEY)
        await asyncio.gather(
            *(store.keep(first, request) for request in requests),
            store.erase(deleted(first), NO_KEY),
            return_exceptions=True,
        )
        assert (await newest(store, first)).type == "UserDeleted"
        assert [await answers(store, request) for request in requests] == [[]] * 5


async def newest(store: EventStore, event: UserEvent) -> UserEvent:
    found = await store.newest(event.user_id)
    assert found is not None
    return found


async def test_prune_forgets_old_answers_in_batches_and_no_events(store: EventStore) -> None:
    while await store.prune(0, 1000):
        pass
    first, of_event, of_refusals = created(), keyed(), [keyed() for _ in range(3)]
    await store.append(first, of_event)
    for request in of_refusals:
        await store.keep(GONE, request)
    assert await store.prune(3600, 10) == 0
    assert [await answers(store, request) for request in of_refusals] == [[GONE]] * 3
    assert [await store.prune(0, 2) for _ in range(3)] == [2, 1, 0]
    assert [await answers(store, request) for request in of_refusals] == [[]] * 3
    assert await answers(store, of_event) == [first]
    assert await store.newest(uuid7(NOON)) is None
