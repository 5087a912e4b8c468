"""Conformance suite of dead-letter queues; see projections.dead_letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from chassis.problems import Unavailable
from projections.dead_letters import DeadLetter, DeadLetterQueue, DeadLetters
from projections.ports import Record

ANN = Record("events", 0, 7, b"ann", b"\x00\xff not UTF-8")
BOB = Record("events", 3, 2**40, b"bob", b"")
EVE = Record("events", 0, 8, None, b"eve")


@dataclass(frozen=True)
class DeadLettersUnderTest:
    """An empty dead-letter queue: the projector's side and the operator's side."""

    dead_letters: DeadLetters
    queue: DeadLetterQueue


Subject = DeadLettersUnderTest


async def put(subject: Subject, *records: Record) -> None:
    """Write the records as dead letters, in one batch."""
    await subject.dead_letters.put([(record, f"no good: {record.offset}") for record in records])


async def listed(subject: Subject) -> list[DeadLetter]:
    """Return the current dead letters."""
    return [dead_letter async for dead_letter in subject.queue.dead_letters()]


async def sources(subject: Subject) -> list[Record]:
    """Return the records of the current dead letters."""
    return [dead_letter.record for dead_letter in await listed(subject)]


async def test_record_is_kept_whole_with_reason_and_time(subject: Subject) -> None:
    await put(subject, ANN)
    (dead_letter,) = await listed(subject)
    assert (dead_letter.record, dead_letter.reason) == (ANN, "no good: 7")
    age = datetime.now(UTC) - datetime.fromisoformat(dead_letter.failed_at)
    assert timedelta(minutes=-1) < age < timedelta(minutes=1)


async def test_letters_are_listed_in_the_order_in_which_they_were_put(subject: Subject) -> None:
    await put(subject, ANN, BOB)
    await put(subject, EVE)
    assert await sources(subject) == [ANN, BOB, EVE]
    offsets = [dead_letter.offset for dead_letter in await listed(subject)]
    assert offsets == sorted(set(offsets))
    assert await subject.queue.count() == 3


async def test_reason_of_any_length_is_accepted(subject: Subject) -> None:
    reason = "no good: " + "ß" * 10_000
    await subject.dead_letters.put([(ANN, reason)])
    (dead_letter,) = await listed(subject)
    assert dead_letter.reason
    assert reason.startswith(dead_letter.reason)


async def test_empty_queue_has_nothing_to_list_replay_or_discard(subject: Subject) -> None:
    async def handle(records: Sequence[Record]) -> None:
        raise AssertionError(records)

    assert await listed(subject) == []
    assert await subject.queue.count() == 0
    assert await subject.queue.replay(handle) == 0
    assert await subject.queue.discard({0}) == 0


async def test_replay_hands_over_each_record_in_order_and_empties_the_queue(
    subject: Subject,
) -> None:
    handled: list[Record] = []

    async def handle(records: Sequence[Record]) -> None:
        handled.extend(records)

    await put(subject, ANN, BOB, EVE)
    assert await subject.queue.replay(handle) == 3
    assert handled == [ANN, BOB, EVE]
    assert await subject.queue.count() == 0
    assert await listed(subject) == []


async def test_replay_that_cannot_apply_now_keeps_every_letter(subject: Subject) -> None:
    async def handle(_records: Sequence[Record]) -> None:
        raise Unavailable("the store is unavailable")

    await put(subject, ANN, BOB)
    with pytest.raises(Unavailable):
        await subject.queue.replay(handle)
    assert await sources(subject) == [ANN, BOB]


async def test_record_that_fails_again_is_one_dead_letter_again(subject: Subject) -> None:
    async def handle(records: Sequence[Record]) -> None:
        await put(subject, *(record for record in records if record != BOB))

    await put(subject, ANN, BOB, EVE)
    assert await subject.queue.replay(handle) == 3
    assert await sources(subject) == [ANN, EVE]
    assert await subject.queue.count() == 2


async def test_discard_drops_these_letters_and_no_others(subject: Subject) -> None:
    await put(subject, ANN, BOB, EVE)
    bob = next(one.offset for one in await listed(subject) if one.record == BOB)
    assert await subject.queue.discard({bob}) == 1
    assert sorted(await sources(subject), key=str) == sorted([ANN, EVE], key=str)
    assert await subject.queue.count() == 2


async def test_kept_letter_still_has_its_reason_and_time(subject: Subject) -> None:
    await put(subject, ANN, BOB)
    ann, bob = await listed(subject)
    await subject.queue.discard({bob.offset})
    (kept,) = await listed(subject)
    assert (kept.record, kept.reason, kept.failed_at) == (ANN, ann.reason, ann.failed_at)


async def test_discard_of_an_offset_that_no_letter_has_drops_nothing(subject: Subject) -> None:
    await put(subject, ANN)
    (dead_letter,) = await listed(subject)
    assert await subject.queue.discard({dead_letter.offset + 100}) == 0
    assert await sources(subject) == [ANN]
