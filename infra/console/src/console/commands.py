"""Commands: forwarded to command-api, then followed from store to store."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import cached_property
from urllib.parse import quote

import msgspec
from aiohttp import web

from chassis.http.messages import read_body
from chassis.limits.concurrency import ConcurrencyLimit
from chassis.problems import Unavailable
from console.apis import Answer, Api
from console.propagation import AcceptedCommand, Propagation, milliseconds, names
from console.streaming import streamed

MAX_RUNNING = 32  # commands followed at a time; each polls two APIs every 50 ms
NAMES_WITHIN = 1.0  # seconds that a delete waits for the names it is about to erase


class Accepted(msgspec.Struct, frozen=True):
    """First stop: command-api has responded, so the event is in MySQL."""

    stop: str
    ms: float
    version: int
    user: msgspec.Raw


class Commands:
    """Command handler of the page."""

    def __init__(self, api: Api, propagation: Propagation) -> None:
        self._api = api
        self._propagation = propagation

    @cached_property
    def _limit(self) -> ConcurrencyLimit:
        return ConcurrencyLimit("commands", MAX_RUNNING)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Return command-api's problem unchanged, or else the stops, one line of JSON each.

        Raises Unavailable when command-api is unavailable or MAX_RUNNING commands run,
        TooManyRequests when half of them are this client's, and the errors of read_body.
        """
        body = await read_body(request)  # before a slot is taken: the body may arrive slowly
        with self._limit.slot_at_once():
            is_delete = request.method == "DELETE"
            known = await self._names(request.match_info["id"]) if is_delete else None
            answer = await self._api.forward(request, body)
            if not answer.is_success:
                return answer.response()
            accepted = _accepted(request, answer, known)
            is_unchanged = request.headers.get("If-Match") == answer.headers["ETag"]
            parts = self._stops(answer, None if is_unchanged else accepted)
            return await streamed(request, "application/x-ndjson", parts)

    async def _stops(
        self, answer: Answer, accepted: AcceptedCommand | None
    ) -> AsyncGenerator[bytes, None]:
        ms = milliseconds(answer.answered_at - answer.sent_at)
        user = msgspec.Raw(answer.body or b"null")
        yield _line(Accepted("command-api", ms, answer.version, user))
        if accepted is not None:
            async with aclosing(self._propagation.follow(accepted)) as stops:
                async for stop in stops:
                    yield _line(stop)

    async def _names(self, user_id: str) -> str | None:
        """Return the names by which search finds the user; None if query-api has no answer."""
        path = f"/user/{quote(user_id, safe='')}"
        try:
            async with asyncio.timeout(NAMES_WITHIN):
                answer = await self._propagation.query.request("GET", path)
        except (Unavailable, TimeoutError):
            return None
        return names(msgspec.json.decode(answer.body)) if answer.is_success else None


def _accepted(request: web.Request, answer: Answer, known: str | None) -> AcceptedCommand:
    if request.method == "DELETE":
        user_id = request.match_info["id"]
        return AcceptedCommand(
            user_id, answer.version, known, is_delete=True, sent_at=answer.sent_at
        )
    user = msgspec.json.decode(answer.body)
    return AcceptedCommand(
        user["id"], answer.version, names(user), is_delete=False, sent_at=answer.sent_at
    )


def _line(content: msgspec.Struct) -> bytes:
    return msgspec.json.encode(content) + b"\n"
