"""Concurrent reads share round trips to the store, and no answer is older than its question.

A read may be shared only with those who arrived before it started. So who comes while one is on
its way waits for the next: nothing waits when there is no load, and under load a round trip is
paid once for all who came meanwhile. What is read for nobody any more is still read to its end,
which the store's own timeout bounds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from query_api.ports import UserViews, View

LARGEST = 256  # keys in a round trip; about 100 kB of answers and 1 ms of the store's time
K = TypeVar("K")
V = TypeVar("V")
Place = tuple[str | None, int]
Found = list[tuple[str, View]]


class BatchedUserViews(UserViews, Protocol):
    """Views that can also be read many at a time."""

    async def get_many(self, user_ids: Sequence[str]) -> Sequence[View | None]:
        """As get() for each of the ids, in one round trip."""


class SharedUserViews:
    """Implements query_api.ports.UserViews."""

    def __init__(self, views: BatchedUserViews) -> None:
        self._users = Gathered(views.get_many, LARGEST)
        self._pages = Joined[Place, Found](lambda place: views.newest(*place))

    async def get(self, user_id: str) -> View | None:
        return await self._users.get(user_id)

    async def newest(self, before: str | None, limit: int) -> Found:
        return await self._pages.get((before, limit))


class Gathered(Generic[K, V]):
    """Single reads become one read of many keys; at most one such read runs at a time."""

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[Sequence[V]]], largest: int) -> None:
        self._read = read
        self._largest = largest
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """The key's value, read after this call; raises what the read raises."""
        found = self._waiting.get(key)
        if found is None:
            found = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all())
        return await asyncio.shield(found)

    async def _read_all(self) -> None:
        while self._waiting:
            keys = list(self._waiting)[: self._largest]
            batch = [self._waiting.pop(key) for key in keys]
            try:
                values = await self._read(keys)
            except Exception as error:  # noqa: BLE001 - theirs, whatever it is
                for found in batch:
                    found.set_exception(error)
                    found.exception()  # seen, also when its caller has gone
            else:
                for found, value in zip(batch, values, strict=True):
                    found.set_result(value)
        self._reading = None


class Joined(Generic[K, V]):
    """Equal reads become one; reads of different keys do not wait for each other."""

    def __init__(self, read: Callable[[K], Awaitable[V]]) -> None:
        self._read = read
        self._next: dict[K, asyncio.Task[V]] = {}
        self._running: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> V:
        """The key's value, read after this call; raises what the read raises."""
        found = self._next.get(key)
        if found is None:
            found = asyncio.create_task(self._read_after(self._running.get(key), key))
            found.add_done_callback(_seen)
            self._next[key] = found
        return await asyncio.shield(found)

    async def _read_after(self, running: "asyncio.Task[V] | None", key: K) -> V:
        if running is not None:
            await asyncio.wait([running])
        mine = self._running[key] = self._next.pop(key)
        try:
            return await self._read(key)
        finally:
            if self._running[key] is mine:
                del self._running[key]


def _seen(task: "asyncio.Task[V]") -> None:
    if not task.cancelled():
        task.exception()  # also when its callers have gone
