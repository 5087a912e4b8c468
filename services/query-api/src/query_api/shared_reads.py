"""Gets of many callers share round trips to the views."""

from collections.abc import Sequence
from typing import Protocol

from chassis.batching.coalesced_reads import BatchLoader
from query_api.ports import UserViews, View

LARGEST = 256  # keys in a round trip; about 100 kB of answers and 1 ms of the store's time


class BatchedUserViews(UserViews, Protocol):
    """Views that can also be read many at a time."""

    async def get_many(self, user_ids: Sequence[str]) -> Sequence[View | None]:
        """As get() for each of the ids, in one round trip."""


class SharedUserViews:
    """Implements query_api.ports.UserViews; lists are shared where they are ready to go out."""

    def __init__(self, views: BatchedUserViews) -> None:
        self.newest = views.newest
        self._users = BatchLoader(views.get_many, LARGEST)

    async def get(self, user_id: str) -> View | None:
        return await self._users.get(user_id)
