"""Conformance suite of event stores: results for idempotency keys that append no event."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from chassis.problems import FieldError, Kind
from eventstore.conformance.samples import NO_KEY, NOON, Samples, keyed
from eventstore.ids import uuid7
from eventstore.ports import CommandContext, EventStore, KeyTaken, Refusal, StreamConflict

GONE = Refusal(Kind.NOT_FOUND, "nothing has the id x")
INVALID = Refusal(Kind.INVALID, "wrong", (FieldError("a", "wrong"), FieldError("b", "wrong, too")))


async def answers(store: EventStore[Any], request: CommandContext) -> list[Any]:
    return [answer for answer, _ in await store.results(request.idempotency_key or "")]


@pytest.mark.parametrize("refusal", [GONE, INVALID], ids=lambda refusal: refusal.kind)
async def test_kept_refusal_is_found_by_its_key(
    store: EventStore[Any], events: Samples, refusal: Refusal
) -> None:
    request = keyed()
    await store.keep(refusal, request)
    assert await store.results(request.idempotency_key or "") == [(refusal, request.request_hash)]


async def test_kept_event_is_found_although_newer_ones_follow(
    store: EventStore[Any], events: Samples
) -> None:
    first, request = events.created(), keyed()
    await store.append(first, NO_KEY)
    await store.append(events.after(first), NO_KEY)
    await store.keep(first, request)
    assert await store.results(request.idempotency_key or "") == [(first, request.request_hash)]


async def test_key_keeps_its_first_result(store: EventStore[Any], events: Samples) -> None:
    first, request = events.created(), keyed()
    await store.append(first, NO_KEY)
    await store.keep(GONE, request)
    for answer in (INVALID, first):
        with pytest.raises(KeyTaken):
            await store.keep(answer, request)
    assert await answers(store, request) == [GONE]


@pytest.mark.parametrize("answer", [GONE, None], ids=["refusal", "event"])
async def test_key_of_an_event_accepts_no_other_result(
    store: EventStore[Any], events: Samples, answer: Refusal | None
) -> None:
    first, request = events.created(), keyed()
    second = events.after(first)
    await store.append(first, NO_KEY)
    await store.append(second, request)
    with pytest.raises(KeyTaken):
        await store.keep(answer or first, request)
    assert await answers(store, request) == [second]


async def test_key_of_a_kept_answer_appends_nothing(
    store: EventStore[Any], events: Samples
) -> None:
    first, request = events.created(), keyed()
    await store.append(first, NO_KEY)
    await store.keep(GONE, request)
    with pytest.raises(KeyTaken):
        await store.append(events.after(first), request)
    with pytest.raises(KeyTaken):
        await store.erase(events.deleted(first), request)
    assert await store.history(events.id_of(first), 0, 10) == [first]


async def test_lost_race_leaves_its_key_new(store: EventStore[Any], events: Samples) -> None:
    first, request = events.created(), keyed()
    await store.append(first, NO_KEY)
    await store.append(events.after(first), NO_KEY)
    for lost in (
        store.append(events.after(first), request),
        store.erase(events.deleted(first), request),
    ):
        with pytest.raises(StreamConflict):
            await lost
    assert await answers(store, request) == []
    await store.keep(GONE, request)


async def test_create_and_refusal_of_two_requests_with_one_key_are_both_found(
    store: EventStore[Any],
    events: Samples,
) -> None:
    first, request = events.created(), keyed()
    other = replace(request, request_hash="1" * 64)
    await store.keep(GONE, other)
    await store.append(first, request)
    found = await store.results(request.idempotency_key or "")
    assert found == [(first, request.request_hash), (GONE, other.request_hash)]


async def test_of_twenty_different_answers_at_once_one_is_kept(
    store: EventStore[Any],
    events: Samples,
) -> None:
    """Refusals, existing events, renames and deletions, as concurrent replicas decide them."""
    for _ in range(10):
        first, request = events.created(), keyed()
        await store.append(first, NO_KEY)
        ways = [
            *(store.keep(replace(GONE, detail=f"refusal {n}"), request) for n in range(5)),
            *(store.keep(first, request) for _ in range(5)),
            *(store.append(events.after(first, f"Rival {n}"), request) for n in range(5)),
            *(store.erase(events.deleted(first), request) for _ in range(5)),
        ]
        outcomes = await asyncio.gather(*ways, return_exceptions=True)
        lost = [outcome for outcome in outcomes if outcome is not None]
        assert all(isinstance(one, KeyTaken | StreamConflict) for one in lost), lost
        assert len(lost) == len(ways) - 1
        (found,) = await answers(store, request)
        assert await newest(store, events.id_of(first)) in (first, found)


async def test_erasure_forgets_the_answers_that_refer_to_erased_events(
    store: EventStore[Any],
    events: Samples,
) -> None:
    first, of_event, of_refusal = events.created(), keyed(), keyed()
    await store.append(first, NO_KEY)
    await store.keep(first, of_event)
    await store.keep(GONE, of_refusal)
    await store.erase(events.deleted(first), NO_KEY)
    assert await answers(store, of_event) == []
    assert await answers(store, of_refusal) == [GONE]
    await store.keep(GONE, of_event)


async def test_an_erased_event_is_not_kept(store: EventStore[Any], events: Samples) -> None:
    first, request = events.created(), keyed()
    await store.append(first, NO_KEY)
    await store.erase(events.deleted(first), NO_KEY)
    with pytest.raises(StreamConflict):
        await store.keep(first, request)
    assert await answers(store, request) == []


async def test_kept_answer_and_erasure_at_once_leave_no_reference(
    store: EventStore[Any],
    events: Samples,
) -> None:
    for _ in range(10):
        first, requests = events.created(), [keyed() for _ in range(5)]
        await store.append(first, NO_KEY)
        await asyncio.gather(
            *(store.keep(first, request) for request in requests),
            store.erase(events.deleted(first), NO_KEY),
            return_exceptions=True,
        )
        assert (await newest(store, events.id_of(first))).type == events.DELETION
        assert [await answers(store, request) for request in requests] == [[]] * 5


async def newest(store: EventStore[Any], aggregate_id: str) -> Any:
    found = await store.newest(aggregate_id)
    assert found is not None
    return found


async def test_prune_forgets_old_answers_in_batches_and_no_events(
    store: EventStore[Any],
    events: Samples,
) -> None:
    while await store.prune(0, 1000):
        pass
    first, of_event, of_refusals = events.created(), keyed(), [keyed() for _ in range(3)]
    await store.append(first, of_event)
    for request in of_refusals:
        await store.keep(GONE, request)
    assert await store.prune(3600, 10) == 0
    assert [await answers(store, request) for request in of_refusals] == [[GONE]] * 3
    assert [await store.prune(0, 2) for _ in range(3)] == [2, 1, 0]
    assert [await answers(store, request) for request in of_refusals] == [[]] * 3
    assert await answers(store, of_event) == [first]
    assert await store.newest(uuid7(NOON)) is None
