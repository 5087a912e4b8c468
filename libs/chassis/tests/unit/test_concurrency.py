"""Concurrency limits: slots, shares of callers, fair queueing, and cancelled waiters."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from chassis.limits.concurrency import ConcurrencyLimit, LimitByKey, current_caller
from chassis.problems import Problem, TooManyRequests, Unavailable

NAME = "test"
LONG = 60.0  # seconds; nothing here waits for its end


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"limit": NAME, **labels}) or 0


@dataclass
class Work:
    """Requests that hold slots of a limit until the test ends them."""

    limit: ConcurrencyLimit
    begun: list[str] = field(default_factory=list)
    tasks: list[tuple[str, asyncio.Task[None], asyncio.Event]] = field(default_factory=list)

    async def request(self, *callers: str) -> None:
        """Let each caller request a slot, and return once it holds one or waits."""
        for caller in callers:
            current_caller.set(caller)
            end = asyncio.Event()
            self.tasks.append((caller, asyncio.create_task(self._hold(caller, end)), end))
        await asyncio.sleep(0)

    async def _hold(self, caller: str, end: asyncio.Event) -> None:
        async with self.limit.slot():
            self.begun.append(caller)
            await end.wait()

    async def end(self, caller: str) -> None:
        """End the oldest request of a caller."""
        one = next(one for one in self.tasks if one[0] == caller)
        self.tasks.remove(one)
        one[2].set()
        await one[1]
        await asyncio.sleep(0)

    async def end_all(self) -> None:
        for _, task, end in self.tasks:
            end.set()
            with suppress(Problem, asyncio.CancelledError):
                await task


@asynccontextmanager
async def working(limit: ConcurrencyLimit) -> AsyncIterator[Work]:
    work = Work(limit)
    yield work
    await work.end_all()
    assert limit.is_idle
    assert sample("concurrency_limit_running") == sample("concurrency_limit_waiting") == 0


async def test_single_caller_gets_all_slots_until_others_wait() -> None:
    async with working(ConcurrencyLimit(NAME, 4, 20, LONG)) as work:
        await work.request(*["ann"] * 6)
        assert work.begun == ["ann"] * 4
        await work.request("bob", "cid", "bob")
        assert sample("concurrency_limit_running") == 4
        assert sample("concurrency_limit_waiting") == 5
        for _ in range(4):
            await work.end("ann")
        assert work.begun[4:] == ["bob", "cid", "ann", "bob"]


async def test_callers_get_free_slots_in_turn() -> None:
    async with working(ConcurrencyLimit(NAME, 2, 40, LONG)) as work:
        await work.request("cid", "dan", *["ann"] * 5, *["bob"] * 2)
        await work.end("cid")
        await work.end("dan")
        for caller in ("ann", "bob", "ann", "ann", "ann"):
            await work.end(caller)
        assert work.begun == ["cid", "dan", "ann", "bob", "ann", "bob", "ann", "ann", "ann"]


async def test_a_caller_beyond_its_share_is_refused_and_others_are_not() -> None:
    async with working(ConcurrencyLimit(NAME, 2, 4, LONG)) as work:
        await work.request(*["ann"] * 4)
        refused = sample("concurrency_limit_refused_total", reason="share")
        current_caller.set("ann")
        with pytest.raises(TooManyRequests) as problem:
            async with work.limit.slot():
                pass
        assert problem.value.headers == {"Retry-After": "1"}
        assert sample("concurrency_limit_refused_total", reason="share") == refused + 1
        await work.request("bob")
        await work.end("ann")
        assert work.begun == ["ann", "ann", "bob"]


async def test_a_full_queue_is_refused() -> None:
    async with working(ConcurrencyLimit(NAME, 2, 2, LONG)) as work:
        await work.request("ann", "ann", "bob", "bob")
        current_caller.set("cid")
        with pytest.raises(Unavailable) as problem:
            async with work.limit.slot():
                pass
        assert problem.value.headers == {"Retry-After": "1"}


async def test_without_a_queue_the_next_one_is_refused_at_once() -> None:
    limit = ConcurrencyLimit(NAME, 2)
    current_caller.set("ann")
    with limit.slot_at_once():
        with pytest.raises(TooManyRequests), limit.slot_at_once():
            pass
        current_caller.set("bob")
        with limit.slot_at_once():
            current_caller.set("cid")
            with pytest.raises(Unavailable), limit.slot_at_once():
                pass
    assert limit.is_idle


async def test_wait_for_a_slot_times_out() -> None:
    async with working(ConcurrencyLimit(NAME, 1, 8, max_wait=0.01)) as work:
        await work.request("ann")
        current_caller.set("bob")
        with pytest.raises(Unavailable, match="no free slot within"):
            async with work.limit.slot():
                pass


async def test_cancelled_waiter_leaves_the_queue() -> None:
    async with working(ConcurrencyLimit(NAME, 1, 2, LONG)) as work:
        await work.request("ann", "bob", "cid")
        work.tasks.pop(1)[1].cancel()
        await asyncio.sleep(0)
        await work.request("dan")
        await work.end("ann")
        await work.end("cid")
        assert work.begun == ["ann", "cid", "dan"]


async def test_slot_granted_to_a_cancelled_waiter_goes_to_the_next() -> None:
    async with working(ConcurrencyLimit(NAME, 1, 4, LONG)) as work:
        async with work.limit.slot():
            await work.request("ann", "bob")
        _, leaving, _ = work.tasks.pop(0)  # it has the slot, and has not run since
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await asyncio.sleep(0)
        assert work.begun == ["bob"]


async def test_keys_are_independent_and_released() -> None:
    writers = LimitByKey(NAME, queue=2, max_wait=0.01)
    current_caller.set("ann")
    async with AsyncExitStack() as stack:
        for key in ("a", "b"):
            await stack.enter_async_context(writers.slot(key))
        with pytest.raises(Unavailable, match="no free slot within"):
            async with writers.slot("a"):
                pass
        waiting = asyncio.create_task(writers.slot("a").__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequests):
            await writers.slot("a").__aenter__()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert writers.keys == {"a", "b"}
    with pytest.raises(ZeroDivisionError):
        async with writers.slot("a"):
            raise ZeroDivisionError
    assert writers.keys == set()


@given(
    slots=st.integers(1, 5),
    queue=st.integers(0, 6),
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["ask", "end", "leave"]))),
)
async def test_free_slot_is_never_waited_for(
    slots: int, queue: int, steps: list[tuple[str, str]]
) -> None:
    limit = ConcurrencyLimit(NAME, slots, queue, LONG)
    share = slots if queue else (slots + 1) // 2
    async with working(limit) as work:
        for caller, step in steps:
            await _step(work, caller, step)
            held = Counter(c for c, task, _ in work.tasks if not task.done())
            running = limit.running
            assert running.total() <= slots
            assert max(running.values(), default=0) <= share
            assert held.total() <= slots + queue
            for waiter in held - running:
                assert running[waiter] == share or running.total() == slots


async def _step(work: Work, caller: str, step: str) -> None:
    work.tasks = [one for one in work.tasks if not one[1].done() or not one[1].exception()]
    if step == "ask":
        await work.request(caller)
    elif of_caller := [one for one in work.tasks if one[0] == caller]:
        if step == "end" and work.limit.running[caller]:
            await work.end(caller)
        elif step == "leave":
            of_caller[-1][1].cancel()
            await asyncio.gather(of_caller[-1][1], return_exceptions=True)
            work.tasks.remove(of_caller[-1])
    await asyncio.sleep(0)
