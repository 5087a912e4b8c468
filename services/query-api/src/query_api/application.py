"""The queries of query-api."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.http.pagination import Page
from chassis.problems import NotFound
from projections.queries import ViewQueries
from projections.reader import StoredView


@dataclass(frozen=True, slots=True)
class UserDirectory:
    """Get and list users, newest first."""

    queries: ViewQueries

    async def get(self, user_id: str, min_version: int | None = None) -> StoredView:
        """Return the user at min_version or newer.

        Raises Invalid, NotFound (unknown, or deleted at that version), NotYetVisible, Unavailable,
        TooManyRequests.
        """
        view = await self.queries.get(user_id, min_version)
        if view is None or view.json is None:
            raise NotFound(f"no user has the id {user_id}")
        return view

    async def list(self, page: Page) -> tuple[Sequence[StoredView], str | None]:
        """Return a page of users, newest first, and the next cursor.

        Raises Invalid, Unavailable.
        """
        return await self.queries.newest(page)
