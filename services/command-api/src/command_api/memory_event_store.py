"""The event store in memory: for tests and the demo, kept honest by the contract suite."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from command_api.ports import Answer, KeyTaken, Refusal, Request, StreamConflict
from command_api.user import UserEvent

Row = tuple[str, dict[str, Any] | None]
"""What the log gets: the user's id, and the event as the Avro record has it; None: a tombstone."""


class MemoryEventStore:
    """All events in a list per user. `log` is what Debezium would publish, in order."""

    def __init__(self) -> None:
        self._streams: dict[str, list[UserEvent]] = {}
        self._keys: dict[str, tuple[UserEvent, str]] = {}
        self._kept: dict[str, tuple[Answer, str, float]] = {}
        self.log: list[Row] = []
        self.grown = asyncio.Event()
        """Set whenever the log has grown; whoever waits for it clears it."""

    async def newest(self, user_id: str) -> UserEvent | None:
        stream = self._streams.get(user_id)
        return stream[-1] if stream else None

    async def append(self, event: UserEvent, request: Request) -> None:
        self._check(event, request)
        self._keep(event, request)

    async def erase(self, event: UserEvent, request: Request) -> None:
        self._check(event, request)
        removed = self._streams.pop(event.user_id, [])
        self._keys = {k: kept for k, kept in self._keys.items() if kept[0] not in removed}
        self._kept = {k: kept for k, kept in self._kept.items() if kept[0] not in removed}
        self.log += [(event.user_id, None)] * len(removed)
        self._keep(event, request)

    async def keep(self, answer: Answer, request: Request) -> None:
        key, request_hash = request.idempotency_key or "", request.request_hash or ""
        if not isinstance(answer, Refusal) and answer not in self._streams.get(answer.user_id, []):
            raise StreamConflict("the event was erased")
        if key in self._keys or key in self._kept:
            raise KeyTaken
        self._kept[key] = (answer, request_hash, time.monotonic())

    async def by_key(self, idempotency_key: str) -> list[tuple[Answer, str]]:
        found = [self._keys.get(idempotency_key), self._kept.get(idempotency_key)]
        return [kept[:2] for kept in found if kept is not None]

    async def prune(self, age: float, limit: int) -> int:
        before = time.monotonic() - age
        old = [key for key, (_, _, since) in self._kept.items() if since <= before][:limit]
        for key in old:
            del self._kept[key]
        return len(old)

    async def history(self, user_id: str, after: int, limit: int) -> list[UserEvent]:
        stream = self._streams.get(user_id, [])
        return [event for event in stream if event.version > after][:limit]

    def _check(self, event: UserEvent, request: Request) -> None:
        stream = self._streams.get(event.user_id, [])
        newest = stream[-1].version if stream else 0
        if event.version != newest + 1:  # first, as MySQL's primary key is
            raise StreamConflict(f"the user is at version {newest}")
        if request.idempotency_key in self._keys:
            raise KeyTaken
        if event.version > 1 and request.idempotency_key in self._kept:
            raise KeyTaken

    def _keep(self, event: UserEvent, request: Request) -> None:
        self._streams.setdefault(event.user_id, []).append(event)
        if request.idempotency_key is not None and request.request_hash is not None:
            self._keys[request.idempotency_key] = (event, request.request_hash)
        self.log.append((event.user_id, _record(event, request)))
        self.grown.set()


def _record(event: UserEvent, request: Request) -> dict[str, Any]:
    return {
        "user_id": event.user_id,
        "version": event.version,
        "event_id": event.event_id,
        "type": event.type,
        "first_name": event.first_name,
        "last_name": event.last_name,
        "created_at": _iso(event.created_at),
        "occurred_at": _iso(event.occurred_at),
        "traceparent": request.traceparent,
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
