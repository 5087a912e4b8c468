"""Which callers share a read, and that no result is older than its request."""

import asyncio
import gc
import weakref
from collections import Counter
from collections.abc import Sequence
from contextvars import ContextVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.batching.coalesced_reads import BatchLoader, CoalescedRead
from chassis.problems import Unavailable
from chassis.testing import eventually

CALLER = ContextVar("caller", default="")


class Store:
    """Returns for each key the number of writes so far, when the test allows it."""

    def __init__(self) -> None:
        self.writes = 0
        self.reads: list[tuple[str, ...]] = []
        self.callers: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_unavailable = False

    async def read_many(self, keys: Sequence[str]) -> list[int]:
        self.reads.append(tuple(keys))
        self.callers.append(CALLER.get())
        seen = self.writes
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # so that others come while it is on its way
        await self.gate.wait()
        if self.is_unavailable:
            raise Unavailable("the store is away")
        return [seen] * len(keys)

    async def read(self, key: str) -> int:
        return (await self.read_many([key]))[0]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture(params=["gathered", "joined"])
def shared(
    request: pytest.FixtureRequest, store: Store
) -> "BatchLoader[str, int] | CoalescedRead[str, int]":
    if request.param == "gathered":
        return BatchLoader(store.read_many, largest=3)
    return CoalescedRead(store.read)


Shared = BatchLoader[str, int] | CoalescedRead[str, int]


async def has_read(store: Store, times: int) -> None:
    assert len(store.reads) == times


async def reading(shared: Shared, *keys: str) -> "list[asyncio.Task[int]]":
    """Start the callers, and return once each of them waits."""
    tasks = [asyncio.create_task(shared.get(key)) for key in keys]
    await asyncio.sleep(0)
    return tasks


async def test_caller_arriving_during_a_read_waits_for_the_next(
    shared: Shared, store: Store
) -> None:
    store.gate.clear()
    early = await reading(shared, "ann")
    await eventually(lambda: has_read(store, 1))
    store.writes += 1
    late = await reading(shared, "ann", "ann", "ann")
    store.gate.set()
    assert await asyncio.gather(*early, *late) == [0, 1, 1, 1]
    assert len(store.reads) == 2


async def test_concurrent_equal_reads_are_coalesced(shared: Shared, store: Store) -> None:
    assert await asyncio.gather(*await reading(shared, *["ann"] * 50)) == [0] * 50
    assert store.reads == [("ann",)]


async def test_cancelled_caller_does_not_affect_others(shared: Shared, store: Store) -> None:
    store.gate.clear()
    leaving, *staying = await reading(shared, "ann", "ann", "bob")
    leaving.cancel()
    store.gate.set()
    assert await asyncio.gather(*staying) == [0, 0]
    assert await shared.get("ann") == 0


async def test_unavailable_store_fails_all_callers_and_is_read_again(
    shared: Shared, store: Store
) -> None:
    store.is_unavailable = True
    answers = await asyncio.gather(*await reading(shared, "ann", "bob"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    store.is_unavailable = False
    assert await shared.get("ann") == 0


async def test_failed_read_leaves_no_reference_cycle(shared: Shared, store: Store) -> None:
    async def call() -> "weakref.ref[Store]":
        request = Store()
        with pytest.raises(Unavailable):
            await shared.get("ann")
        return weakref.ref(request)

    store.is_unavailable = True
    gc.disable()
    try:
        requests = await asyncio.gather(call(), call())
        assert [request() for request in requests] == [None, None]
    finally:
        gc.enable()


async def test_each_read_runs_in_the_context_of_its_first_caller(
    shared: Shared, store: Store
) -> None:
    store.gate.clear()
    for name in "abcd":
        CALLER.set(name)
        await reading(shared, "ann")
        await asyncio.sleep(0)
    store.gate.set()
    await shared.get("ann")
    assert store.callers == ["a", "b"]


async def test_single_reads_are_batched_up_to_a_limit(store: Store) -> None:
    shared = BatchLoader(store.read_many, largest=3)
    store.gate.clear()
    tasks = await reading(shared, "ann")
    await eventually(lambda: has_read(store, 1))
    tasks += await reading(shared, "bob", "cid", "dan", "eve", "bob")
    store.gate.set()
    await asyncio.gather(*tasks)
    assert store.reads == [("ann",), ("bob", "cid", "dan"), ("eve",)]


async def test_different_reads_do_not_wait_for_each_other(store: Store) -> None:
    shared = CoalescedRead(store.read)
    tasks = await reading(shared, "ann", "bob")
    await asyncio.gather(*tasks)
    store.gate.clear()
    slow = await reading(shared, "ann")
    await eventually(lambda: has_read(store, 3))
    quick = await reading(shared, "bob")
    await eventually(lambda: has_read(store, 4))
    store.gate.set()
    await asyncio.gather(*slow, *quick)


@given(steps=st.lists(st.sampled_from(["ask ann", "ask bob", "write", "turn"]), max_size=40))
async def test_no_result_is_older_than_its_request(steps: list[str]) -> None:
    for kind in ("gathered", "joined"):
        store = Store()
        shared: Shared = (
            BatchLoader(store.read_many, largest=2)
            if kind == "gathered"
            else CoalescedRead(store.read)
        )
        questions: list[tuple[int, asyncio.Task[int]]] = []
        for step in steps:
            if step == "write":
                store.writes += 1
            elif step == "turn":
                await asyncio.sleep(0)
            else:
                task = asyncio.create_task(shared.get(step.removeprefix("ask ")))
                questions.append((store.writes, task))
        answers = await asyncio.gather(*(task for _, task in questions))
        assert all(answer >= at for answer, (at, _) in zip(answers, questions, strict=True)), (
            Counter(steps)
        )
