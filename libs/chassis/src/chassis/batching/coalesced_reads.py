"""Concurrent reads share round trips to the store, and no result is older than its request.

A read is shared only with callers that arrived before it started. A caller that arrives during a
read waits for the next one. So nothing waits without load, and under load one round trip serves all
callers that arrived meanwhile. A read whose callers have all left still runs to its end, which the
store's own timeout bounds.
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
    """Callers that get the same result; a caller that is cancelled does not affect the others."""

    def __init__(self) -> None:
        self.context = copy_context()  # of the first caller: its trace gets the store call
        self.context.run(current_caller.set, "")  # the call counts for no single caller
        self._futures: list[asyncio.Future[V]] = []

    def __await__(self) -> Generator[Any, None, V]:
        mine = asyncio.get_running_loop().create_future()
        self._futures.append(mine)
        return mine.__await__()

    def resolve(self, value: V) -> None:
        for future in self._waiting():
            future.set_result(value)

    def fail(self, error: Exception) -> None:
        for future in self._waiting():
            future.set_exception(error)

    def _waiting(self) -> list["asyncio.Future[V]"]:
        """Return the pending futures, and drop the references to all of them.

        An error's frames refer to this object. With the futures it would keep the error, and the
        requests that await it, until the garbage collector runs.
        """
        futures, self._futures = self._futures, []
        return [future for future in futures if not future.done()]


class BatchLoader(Generic[K, V]):
    """Combines single reads into one read of many keys; at most one such read runs at a time."""

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[Sequence[V]]], largest: int) -> None:
        self._read = read
        self._largest = largest
        self._next: dict[K, Waiters[V]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """Return the key's value, read after this call; raises what the read raises."""
        waiters = self._next.get(key)
        if waiters is None:
            waiters = self._next[key] = Waiters()
            if self._reading is None:
                self._start()
        return await waiters

    def _start(self) -> None:
        first = next(iter(self._next.values()))
        self._reading = asyncio.create_task(self._read_many(), context=first.context)

    async def _read_many(self) -> None:
        keys = list(islice(self._next, self._largest))
        waiters = [self._next.pop(key) for key in keys]
        try:
            for one, value in zip(waiters, await self._read(keys), strict=True):
                one.resolve(value)
        except Exception as error:  # noqa: BLE001 - passed on to the callers, whatever it is
            for one in waiters:
                one.fail(error)
        self._reading = None
        if self._next:
            self._start()


class CoalescedRead(Generic[K, V]):
    """Combines equal reads into one; reads of different keys do not wait for each other."""

    def __init__(self, read: Callable[[K], Awaitable[V]]) -> None:
        self._read = read
        self._next: dict[K, Waiters[V]] = {}
        self._reading: dict[K, asyncio.Task[None]] = {}

    async def get(self, key: K) -> V:
        """Return the key's value, read after this call; raises what the read raises."""
        waiters = self._next.get(key)
        if waiters is None:
            waiters = self._next[key] = Waiters()
            if key not in self._reading:
                self._start(key)
        return await waiters

    def _start(self, key: K) -> None:
        task = asyncio.create_task(self._read_one(key), context=self._next[key].context)
        self._reading[key] = task

    async def _read_one(self, key: K) -> None:
        waiters = self._next.pop(key)
        try:
            waiters.resolve(await self._read(key))
        except Exception as error:  # noqa: BLE001 - passed on to the callers, whatever it is
            waiters.fail(error)
        del self._reading[key]
        if key in self._next:
            self._start(key)
