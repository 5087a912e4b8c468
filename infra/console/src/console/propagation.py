"""Propagation of an event: from a command's response to the topic, query-api and search-api."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from chassis.problems import Unavailable
from console.apis import Answer, Api
from console.topic import Topic

# Seconds from the sending of the command: less than the grace period (8), so that a console that
# stops lets all of them finish.
FOLLOW = 6.0
POLL_EVERY = 0.05  # seconds until the next poll of an API that does not show it yet
TOPIC_POLL_EVERY = 0.005  # seconds; reads memory only
FOUND_AMONG = 100  # results; the maximum of search-api
MAX_TERM = 100  # characters of a search term

Poll = Callable[[], Awaitable[str | None]]
"""Return None once it is visible; before that, the reason."""


class Stop(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stop that a command's event has passed, or has not within FOLLOW seconds."""

    stop: str
    ms: float | None = None
    """Milliseconds from the moment when the command was sent to command-api."""
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptedCommand:
    """A command that was accepted."""

    user_id: str
    version: int
    names: str | None
    """Names by which search finds the user; None: unknown."""
    is_delete: bool
    sent_at: float


@dataclass(frozen=True, slots=True)
class Propagation:
    """Search for a command's event at each stop, in parallel."""

    query: Api
    search: Api
    topic: Topic

    async def follow(self, accepted: AcceptedCommand) -> AsyncGenerator[Stop, None]:
        """Yield the stops in the order in which they are passed or time out."""
        polls: list[tuple[str, Poll, float]] = [
            ("kafka", lambda: self._on_topic(accepted), TOPIC_POLL_EVERY),
            ("query-api", lambda: self._in_query(accepted), POLL_EVERY),
            ("search-api", lambda: self._in_search(accepted), POLL_EVERY),
        ]
        tasks = [asyncio.create_task(_passing(*poll, accepted.sent_at)) for poll in polls]
        try:
            for passed in asyncio.as_completed(tasks):
                yield await passed
        finally:
            for task in tasks:
                task.cancel()

    async def _on_topic(self, accepted: AcceptedCommand) -> str | None:
        if self.topic.seen_at(accepted.user_id) >= accepted.sent_at:
            return None
        return "not visible yet" if self.topic.is_read else "the topic is not being read"

    async def _in_query(self, accepted: AcceptedCommand) -> str | None:
        path = f"/user/{accepted.user_id}?min_version={accepted.version}"
        answer = await self.query.request("GET", path)
        # 404 at this version: it is deleted
        return None if answer.status in {200, 404} else _detail(answer)

    async def _in_search(self, accepted: AcceptedCommand) -> str | None:
        if not accepted.names:
            return "the names to search for are unknown"
        term = quote(accepted.names[:MAX_TERM], safe="")
        answer = await self.search.request("GET", f"/user/search?q={term}&limit={FOUND_AMONG}")
        if not answer.is_success:
            return _detail(answer)
        versions = {user["id"]: user["version"] for user in msgspec.json.decode(answer.body)}
        found = versions.get(accepted.user_id)
        if accepted.is_delete:
            return None if found is None else "still found"
        is_there = found is not None and found >= accepted.version
        return None if is_there else f"not among the first {FOUND_AMONG} found by its name"


def names(user: dict[str, Any]) -> str:
    """Return the text by which search finds a user."""
    return f"{user['first_name']} {user['last_name']}"


def _detail(answer: Answer) -> str:
    try:
        return str(msgspec.json.decode(answer.body)["detail"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"it returned {answer.status}"


async def _passing(stop: str, poll: Poll, every: float, sent_at: float) -> Stop:
    why = "not visible yet"
    try:
        async with asyncio.timeout(sent_at + FOLLOW - time.monotonic()):
            while (trouble := await _polled(poll)) is not None:
                why = trouble
                await asyncio.sleep(every)
    except TimeoutError:
        return Stop(stop, missing=f"{why} (after {FOLLOW:.0f} s)")
    return Stop(stop, ms=milliseconds(time.monotonic() - sent_at))


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


async def _polled(poll: Poll) -> str | None:
    try:
        return await poll()
    except Unavailable as problem:
        return problem.detail
