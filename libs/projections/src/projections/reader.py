"""Reading a view: stored aggregates and documents, and the port of a store read by key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chassis.batching.coalesced_reads import BatchLoader

LARGEST = 256  # keys in a round trip; about 100 kB of responses and 1 ms of the store's time


@dataclass(frozen=True, slots=True)
class StoredView:
    """An aggregate as stored: the response bytes of the HTTP API and the gRPC API.

    Both None: the aggregate is deleted; the version remains.
    """

    version: int
    json: bytes | None
    proto: bytes | None


@dataclass(frozen=True, slots=True)
class ScoredDocument:
    """A document that matches a search, and its score: higher is better."""

    score: float
    document: Mapping[str, Any]


class ViewReader(Protocol):
    """A view, by key. Every method raises Unavailable when the store does not respond."""

    async def get(self, key: str) -> StoredView | None:
        """Return what is stored under the key; None for an unknown key."""

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, StoredView]]:
        """Return at most limit existing aggregates with their keys, the greatest key first.

        All keys are less than `before`. Fewer than limit: there are no more.
        """


class BatchViewReader(ViewReader, Protocol):
    """A view that can also be read many keys at a time."""

    async def get_many(self, keys: Sequence[str]) -> Sequence[StoredView | None]:
        """As get() for each of the keys, in one round trip."""


class BatchingReader:
    """Implements ViewReader: concurrent gets share round trips to the store.

    Pages are shared by the APIs instead, as complete responses.
    """

    def __init__(self, views: BatchViewReader) -> None:
        self.newest = views.newest
        self._views = BatchLoader(views.get_many, LARGEST)

    async def get(self, key: str) -> StoredView | None:
        return await self._views.get(key)
