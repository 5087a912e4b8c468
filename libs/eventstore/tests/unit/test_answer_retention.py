"""Stored results are removed after their retention time, in batches, despite failures."""

import pytest
from structlog.testing import capture_logs

from chassis.problems import Kind, Unavailable
from chassis.testing import eventually, serving
from eventstore.conformance.notes import NOTE, NoteEvent
from eventstore.conformance.samples import keyed
from eventstore.memory import MemoryEventStore
from eventstore.ports import CommandContext, Refusal
from eventstore.retention import BATCH, AnswerRetention

GONE = Refusal(Kind.NOT_FOUND, "no note has the id x")


@pytest.fixture
def memory() -> MemoryEventStore[NoteEvent]:
    return MemoryEventStore(NOTE)


async def kept(store: MemoryEventStore[NoteEvent], requests: list[CommandContext]) -> int:
    return sum([len(await store.results(one.idempotency_key or "")) for one in requests])


async def test_old_answers_are_removed_in_batches(memory: MemoryEventStore[NoteEvent]) -> None:
    requests = [keyed() for _ in range(2 * BATCH + 1)]
    for request in requests:
        await memory.keep(GONE, request)

    async def removed() -> None:
        assert await kept(memory, requests) == 0

    async with serving(AnswerRetention(memory, age=0)):
        await eventually(removed)


async def test_young_answers_stay(memory: MemoryEventStore[NoteEvent]) -> None:
    old, young = keyed(), keyed()
    await memory.keep(GONE, old)
    async with serving(AnswerRetention(memory, age=3600, pause=0.01)):
        await memory.keep(GONE, young)
    assert await kept(memory, [old, young]) == 2


class Failing(MemoryEventStore[NoteEvent]):
    """Fails at first."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(NOTE)
        self.errors = list(errors)

    async def prune(self, age: float, limit: int) -> int:
        if self.errors:
            raise self.errors.pop()
        return await super().prune(age, limit)


@pytest.mark.parametrize(
    ("error", "level"), [(Unavailable("mysql"), "warning"), (RuntimeError("a bug"), "error")]
)
async def test_failed_round_is_logged_and_the_next_one_removes(
    error: Exception, level: str
) -> None:
    store, request = Failing(error), keyed()
    await store.keep(GONE, request)

    async def removed() -> None:
        assert await kept(store, [request]) == 0

    with capture_logs() as logs:
        async with serving(AnswerRetention(store, age=0, pause=0.01)):
            await eventually(removed)
    failures = [(one["event"], one["log_level"]) for one in logs if "not" in one["event"]]
    assert failures == [("idempotency results not pruned", level)]
