"""Everything a caller may ask of query-api."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from chassis.http.pagination import Page, decode_cursor, encode_cursor, invalid
from chassis.limits.concurrency import ConcurrencyLimit
from chassis.problems import Kind, NotFound, Problem
from query_api.ports import UserViews, View

FIRST_LOOK = 0.005  # seconds; the wait doubles up to LAST_LOOK, so a poll costs Redis little
LAST_LOOK = 0.05
CANONICAL = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a UUID as RFC 9562 writes it
WAITERS = 256  # each reads the view 20 times a second; all of them take 4 % of a core
QUEUE = 2000  # of one caller half: as many as a port has connections
MAX_VERSION = 2**32 - 1  # MySQL's INT UNSIGNED


class NotYetVisible(Problem):
    """The view did not reach the wanted version in time."""

    kind = Kind.NOT_YET_VISIBLE
    retry_after = 1


@dataclass(frozen=True, slots=True)
class UserDirectory:
    """Get and list users, newest first."""

    views: UserViews
    visible_timeout: float
    """Seconds that get() waits for min_version, and for one answer of the views at most."""
    waiters: ConcurrencyLimit = field(default_factory=lambda: waiters(WAITERS))
    """Who waits for min_version; a version that is there already waits for nothing."""

    async def get(self, user_id: str, min_version: int | None = None) -> View:
        """The user at min_version or newer.

        Raises Invalid, NotFound (unknown, or deleted at that version), NotYetVisible, Unavailable,
        TooManyRequests.
        """
        _check_id("id", user_id)
        deadline = time.monotonic() + self.visible_timeout
        view = await self.views.get(user_id)
        if min_version and not _has_reached(view, min_version):
            async with self.waiters.slot():
                view = await self._at_least(user_id, min_version, deadline)
        if view is None or view.json is None:
            raise NotFound(f"no user has the id {user_id}")
        return view

    async def list(self, page: Page) -> tuple[Sequence[View], str | None]:
        """A page of users, newest first, and the next cursor; raises Invalid, Unavailable."""
        before = None
        if page.cursor:
            before = decode_cursor(page.cursor, str)
            _check_id("cursor", before)
        found = await self.views.newest(before, page.limit + 1)
        views = [view for _, view in found[: page.limit]]
        if len(found) <= page.limit:
            return views, None
        return views, encode_cursor(found[page.limit - 1][0])

    async def _at_least(self, user_id: str, version: int, deadline: float) -> View | None:
        # The clock is asked, and no call is cancelled: that would cost a connection, and asyncio's
        # wait_for, which redis-py uses, may swallow a cancellation (before Python 3.12).
        wait = FIRST_LOOK
        while time.monotonic() + wait <= deadline:
            await asyncio.sleep(wait)
            wait = min(2 * wait, LAST_LOOK)
            view = await self.views.get(user_id)
            if _has_reached(view, version):
                return view
        raise NotYetVisible(f"the view has not reached version {version} yet")


def waiters(at_once: int) -> ConcurrencyLimit:
    """A limit on who waits for min_version.

    Who waits for a slot does not read the view. To refuse at once would cost more: many callers
    ask again as soon as they are answered.
    """
    return ConcurrencyLimit("min_version", at_once, QUEUE)


def _has_reached(view: View | None, version: int) -> bool:
    return view is not None and view.version >= version


def _check_id(field: str, text: str) -> None:
    if not CANONICAL.fullmatch(text):
        raise invalid(field, "must be a UUID in lower case" if field == "id" else "is not ours")
