"""The queries of a view by key: one aggregate, and pages of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.http.pagination import Page
from chassis.problems import NotFound
from projections.queries import ViewQueries
from projections.reader import StoredView


@dataclass(frozen=True, slots=True)
class Directory:
    """Get and list aggregates, newest first."""

    name: str
    """What one is called, such as user."""
    queries: ViewQueries

    async def get(self, key: str, min_version: int | None = None) -> StoredView:
        """Return the aggregate at min_version or newer.

        Raises Invalid, NotFound (unknown, or deleted at that version), NotYetVisible, Unavailable,
        TooManyRequests.
        """
        view = await self.queries.get(key, min_version)
        if view is None or view.json is None:
            raise NotFound(f"no {self.name} has the id {key}")
        return view

    async def list(self, page: Page) -> tuple[Sequence[StoredView], str | None]:
        """Return a page, newest first, and the next cursor; raises Invalid, Unavailable."""
        return await self.queries.newest(page)
