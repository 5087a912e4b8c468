"""Queries of a view by key: one aggregate, at a version or newer, and pages of the newest ones."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from chassis.http.pagination import Page, cut, decode_cursor, invalid
from chassis.limits.concurrency import ConcurrencyLimit
from chassis.problems import Kind, Problem
from projections.reader import StoredView, ViewReader

FIRST_POLL = 0.005  # seconds; the wait doubles up to LAST_POLL, so a poll costs the store little
LAST_POLL = 0.05
CANONICAL = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a UUID as RFC 9562 writes it
WAITERS = 256  # each reads the view 20 times a second; all of them take 4 % of a core
QUEUE = 2000  # of one caller half: as many as a port has connections
MAX_VERSION = 2**32 - 1  # MySQL's INT UNSIGNED


class NotYetVisible(Problem):
    """The view did not reach the wanted version in time."""

    kind = Kind.NOT_YET_VISIBLE
    retry_after = 1


@dataclass(frozen=True, slots=True)
class ViewQueries:
    """Get and list aggregates whose keys are UUIDs in the order of their creation."""

    views: ViewReader
    visible_timeout: float
    """Seconds that get() waits for min_version, and for one response of the views at most."""
    waiters: ConcurrencyLimit = field(default_factory=lambda: waiters(WAITERS))
    """Requests that wait for min_version; a version that is there already waits for nothing."""

    async def get(self, key: str, min_version: int | None = None) -> StoredView | None:
        """Return what is stored under the key, at min_version or newer; None: an unknown key.

        Raises Invalid, NotYetVisible, Unavailable, TooManyRequests.
        """
        _check_key("id", key)
        deadline = time.monotonic() + self.visible_timeout
        view = await self.views.get(key)
        if min_version and not _has_reached(view, min_version):
            async with self.waiters.slot():
                view = await self._at_least(key, min_version, deadline)
        return view

    async def newest(self, page: Page) -> tuple[Sequence[StoredView], str | None]:
        """Return a page of living aggregates, newest first, and the next cursor.

        Raises Invalid, Unavailable.
        """
        before = None
        if page.cursor:
            before = decode_cursor(page.cursor, str)
            _check_key("cursor", before)
        found = await self.views.newest(before, page.limit + 1)
        entries, cursor = cut(found, page.limit, itemgetter(0))
        return [view for _, view in entries], cursor

    async def _at_least(self, key: str, version: int, deadline: float) -> StoredView | None:
        # The clock is asked, and no call is cancelled: that would cost a connection, and asyncio's
        # wait_for, which redis-py uses, may swallow a cancellation (before Python 3.12).
        wait = FIRST_POLL
        while time.monotonic() + wait <= deadline:
            await asyncio.sleep(wait)
            wait = min(2 * wait, LAST_POLL)
            view = await self.views.get(key)
            if _has_reached(view, version):
                return view
        raise NotYetVisible(f"the view has not reached version {version} yet")


def waiters(at_once: int) -> ConcurrencyLimit:
    """Limit how many requests wait for min_version.

    A request that waits for a slot does not read the view. To refuse at once would cost more: many
    callers ask again as soon as they are answered.
    """
    return ConcurrencyLimit("min_version", at_once, QUEUE)


def _has_reached(view: StoredView | None, version: int) -> bool:
    return view is not None and view.version >= version


def _check_key(field: str, text: str) -> None:
    if not CANONICAL.fullmatch(text):
        raise invalid(
            field,
            "must be a UUID in lower case"
            if field == "id"
            else "is not a cursor from an earlier response",
        )
