"""Concurrent reads share round trips to the store, and no answer is older than its question.

A read may be shared only with those who arrived before it started. So who comes while one is on
its way waits for the next: nothing waits when there is no load, and under load a round trip is
paid once for all who came meanwhile. What is read for nobody any more is still read to its end,
which the store's own timeout bounds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextvars import copy_context
from itertools import islice
from typing import Any, Generic, TypeVar

from chassis.limits.concurrency import current_caller

K = TypeVar("K")
V = TypeVar("V")


class Waiters(Generic[V]):
    """Those who get the same answer; who leaves takes nothing from the others."""

    def __init__(self) -> None:
        self.context = copy_context()  # the first one's: its trace gets the call to the store
        self.context.run(current_caller.set, "")  # which is not its own alone: others wait for it
        self._futures: list[asyncio.Future[V]] = []

    def __await__(self) -> Generator[Any, None, V]:
        mine = asyncio.get_running_loop().create_future()
        self._futures.append(mine)
        return mine.__await__()

    def tell(self, value: V) -> None:
        for future in self._waiting():
            future.set_result(value)

    def fail(self, error: Exception) -> None:
        for future in self._waiting():
            future.set_exception(error)

    def _waiting(self) -> list["asyncio.Future[V]"]:
        """The futures of those who have not left; they are forgotten.

        An error's frames refer to this object: with its futures it would keep the error, and the
        requests that await it, until the garbage collector runs.
        """
        futures, self._futures = self._futures, []
        return [future for future in futures if not future.done()]


class BatchLoader(Generic[K, V]):
    """Single reads become one read of many keys; at most one such read runs at a time."""

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[Sequence[V]]], largest: int) -> None:
        self._read = read
        self._largest = largest
        self._next: dict[K, Waiters[V]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """The key's value, read after this call; raises what the read raises."""
        asked = self._next.get(key)
        if asked is None:
            asked = self._next[key] = Waiters()
            if self._reading is None:
                self._start()
        return await asked

    def _start(self) -> None:
        first = next(iter(self._next.values()))
        self._reading = asyncio.create_task(self._read_many(), context=first.context)

    async def _read_many(self) -> None:
        keys = list(islice(self._next, self._largest))
        asked = [self._next.pop(key) for key in keys]
        try:
            for one, value in zip(asked, await self._read(keys), strict=True):
                one.tell(value)
        except Exception as error:  # noqa: BLE001 - theirs, whatever it is
            for one in asked:
                one.fail(error)
        self._reading = None
        if self._next:
            self._start()


class CoalescedRead(Generic[K, V]):
    """Equal reads become one; reads of different keys do not wait for each other."""

    def __init__(self, read: Callable[[K], Awaitable[V]]) -> None:
        self._read = read
        self._next: dict[K, Waiters[V]] = {}
        self._reading: dict[K, asyncio.Task[None]] = {}

    async def get(self, key: K) -> V:
        """The key's value, read after this call; raises what the read raises."""
        asked = self._next.get(key)
        if asked is None:
            asked = self._next[key] = Waiters()
            if key not in self._reading:
                self._start(key)
        return await asked

    def _start(self, key: K) -> None:
        task = asyncio.create_task(self._read_one(key), context=self._next[key].context)
        self._reading[key] = task

    async def _read_one(self, key: K) -> None:
        asked = self._next.pop(key)
        try:
            asked.tell(await self._read(key))
        except Exception as error:  # noqa: BLE001 - theirs, whatever it is
            asked.fail(error)
        del self._reading[key]
        if key in self._next:
            self._start(key)
