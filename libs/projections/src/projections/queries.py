"""Queries of a view by key: one aggregate at a minimum version, and pages of the newest ones."""

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
WAITERS = 256  # each polls the view 20 times a second; all of them take 4 % of a core
QUEUE = 2000  # half for one caller: as many as a port has connections
MAX_VERSION = 2**32 - 1  # MySQL's INT UNSIGNED


class NotYetVisible(Problem):
    """The view did not reach the requested version in time."""

    kind = Kind.NOT_YET_VISIBLE
    retry_after = 1


@dataclass(frozen=True, slots=True)
class ViewQueries:
    """Get and list aggregates whose keys are UUIDs in creation order."""

    views: ViewReader
    visible_timeout: float
    """Maximum seconds that get() waits for min_version, plus at most one read of the view."""
    waiters: ConcurrencyLimit = field(default_factory=lambda: waiters(WAITERS))
    """Limit on requests that wait for min_version; a version already reached needs no slot."""

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
        """Return a page of existing aggregates, newest first, and the next cursor.

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
        # Check the clock instead of cancelling a call: that would cost a connection, and asyncio's
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
    """Return the limit on requests that wait for min_version.

    A request that waits for a slot does not read the view. Refusing at once would cost more: many
    clients retry as soon as they get a response.
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
