"""Reading a view: what is stored, and the port of a store that is read by key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chassis.batching.coalesced_reads import BatchLoader

LARGEST = 256  # keys in a round trip; about 100 kB of answers and 1 ms of the store's time


@dataclass(frozen=True, slots=True)
class StoredView:
    """An aggregate as stored: the very bytes that an HTTP API and a gRPC API send.

    Both None: the aggregate is deleted; the version remains.
    """

    version: int
    json: bytes | None
    proto: bytes | None


@dataclass(frozen=True, slots=True)
class ScoredDocument:
    """A document that matches a search, and how well: higher is better."""

    score: float
    document: Mapping[str, Any]


class ViewReader(Protocol):
    """A view, by key. Every method raises Unavailable when the store does not answer."""

    async def get(self, key: str) -> StoredView | None:
        """Return what is stored under the key; None for a key never seen."""

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, StoredView]]:
        """Return at most limit living aggregates with their keys, the greatest key first.

        All keys are less than `before`. Fewer than limit: there are no more.
        """


class BatchViewReader(ViewReader, Protocol):
    """A view that can also be read many keys at a time."""

    async def get_many(self, keys: Sequence[str]) -> Sequence[StoredView | None]:
        """As get() for each of the keys, in one round trip."""


class BatchingReader:
    """Implements ViewReader: concurrent gets share round trips to the store.

    Pages are not shared here, but where they are ready to be sent.
    """

    def __init__(self, views: BatchViewReader) -> None:
        self.newest = views.newest
        self._views = BatchLoader(views.get_many, LARGEST)

    async def get(self, key: str) -> StoredView | None:
        return await self._views.get(key)
