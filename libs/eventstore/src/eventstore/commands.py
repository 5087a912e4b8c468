"""Command handling: idempotency key, one writer per aggregate, rules, append."""

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic

import msgspec
import structlog

from chassis.http.pagination import Page, decode_cursor, encode_cursor, invalid
from chassis.limits.concurrency import LimitByKey
from chassis.observability import tracing
from chassis.problems import NotFound, Problem
from eventstore.aggregate import Aggregate, C, E
from eventstore.ids import NewId, check_id, utc_now, uuid7
from eventstore.metrics import count
from eventstore.ports import CommandContext, EventStore, KeyTaken, Refusal, StreamConflict
from eventstore.refusals import FINAL, KeyReused, StaleVersion, problem_of, refusal_of

ATTEMPTS = 5  # after lost races, without an expected version; ten writers on one id need 3
WRITERS = 200  # queued for one aggregate; each takes some milliseconds
MAX_WAIT = 3.0  # seconds that a writer is queued
KEY = re.compile(r"[!-~]{1,128}")
log = structlog.get_logger()


@dataclass(frozen=True)
class CommandHandler(Generic[C, E]):
    """Executes the commands of one kind of aggregate, and reads its history.

    The same request with the same idempotency key returns the first result again, including a final
    refusal (see refusals.py), also after a crash between storing and responding. A key lives as
    long as its event: a deletion removes the keys of the events that it erases. A result that
    appended no event is kept for a limited time (see retention.py).
    """

    aggregate: Aggregate[C, E]
    store: EventStore[E]
    now: Callable[[], datetime] = utc_now
    new_id: NewId = uuid7
    writers: LimitByKey = field(
        default_factory=lambda: LimitByKey("writers of one id", WRITERS, MAX_WAIT)
    )
    """One command at a time per aggregate: others would lose the race, and hold connections."""

    async def execute(self, command: C, key: str | None = None) -> E:
        """Execute a command and return its event, which has the aggregate's state.

        key: the idempotency key. Raises Invalid, NotFound, StaleVersion, StreamConflict, KeyReused,
        Unavailable, and TooManyRequests if this caller has too many commands for the aggregate.
        """
        outcome = "failed"
        try:
            event, outcome = await self._idempotent(command, key)
        except Problem as problem:
            outcome = problem.kind
            raise
        else:
            return event
        finally:
            count(type(command).__name__, outcome).inc()

    async def history(self, aggregate_id: str, page: Page) -> tuple[Sequence[E], str | None]:
        """Return a page of events, oldest first, and the next cursor; raises NotFound."""
        check_id(aggregate_id)
        after = decode_cursor(page.cursor, int) if page.cursor else 0
        events = await self.store.history(aggregate_id, after, page.limit + 1)
        if not events and not after:
            raise NotFound(f"no {self.aggregate.name} has the id {aggregate_id}")
        if len(events) <= page.limit:
            return events, None
        return events[: page.limit], encode_cursor(events[page.limit - 1].version)

    async def _idempotent(self, command: C, key: str | None) -> tuple[E, str]:
        """Return the event, and the outcome for the metric."""
        context = CommandContext(traceparent=tracing.traceparent())
        if key is None:
            return await self._with_retries(command, context)
        if not KEY.fullmatch(key):
            raise invalid("Idempotency-Key", "must be 1 to 128 visible ASCII characters")
        context = replace(context, idempotency_key=key, request_hash=_hash(command))
        if (first := await self._first_result(context)) is not None:
            return first, "replayed"
        try:
            return await self._with_retries(command, context)
        except (KeyTaken, StreamConflict) as lost:
            # The conflict may be with this same request, sent before or at the same time.
            if (first := await self._first_result(context)) is not None:
                return first, "replayed"
            if isinstance(lost, KeyTaken):
                raise StreamConflict(
                    "the event with this idempotency key has just been erased"
                ) from lost
            raise

    async def _first_result(self, context: CommandContext) -> E | None:
        """Return the first result of the key, None if new; raises it if a refusal, or KeyReused."""
        results = await self.store.results(context.idempotency_key or "")
        for result, request_hash in results:
            if request_hash == context.request_hash:
                if isinstance(result, Refusal):
                    raise problem_of(result)
                return result
        if results:
            raise KeyReused("this idempotency key was already used for a different request")
        return None

    async def _with_retries(self, command: C, context: CommandContext) -> tuple[E, str]:
        target = self.aggregate.target(command)
        if target is None:
            return await self._attempts(command, context)
        async with self.writers.slot(target):
            return await self._attempts(command, context)

    async def _attempts(self, command: C, context: CommandContext) -> tuple[E, str]:
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._load_decide_append(command, context)
            except StreamConflict:
                # Another process was faster. The next attempt detects a stale expectation.
                continue
        return await self._load_decide_append(command, context)

    async def _load_decide_append(self, command: C, context: CommandContext) -> tuple[E, str]:
        try:
            newest, event = await self._decided(command)
        except FINAL as refusal:
            await self._keep(refusal_of(refusal), context)
            raise
        if event is newest:
            await self._keep(event, context)
            return event, "unchanged"
        if event.type == self.aggregate.deletion:
            await self.store.erase(event, context)
        else:
            await self.store.append(event, context)
        if logging.root.isEnabledFor(logging.DEBUG):  # binding the logger takes 4 % of a create
            kind, version = event.type, event.version
            log.debug("event appended", event_id=event.event_id, type=kind, version=version)
        return event, "accepted"

    async def _decided(self, command: C) -> tuple[E | None, E]:
        """Return the newest event and the command's event; raises FINAL refusals."""
        newest = None
        target = self.aggregate.target(command)
        if target is not None:
            check_id(target)
            newest = await self.store.newest(target)
            self._check_expectation(newest, getattr(command, "expected_version", None))
        return newest, self.aggregate.decide(newest, command, self.now(), self.new_id)

    def _check_expectation(self, newest: E | None, expected: int | tuple[int, ...] | None) -> None:
        """Raise StaleVersion unless the aggregate is at an expected version."""
        if expected is None or newest is None or newest.type == self.aggregate.deletion:
            return  # the rules raise NotFound
        versions = (expected,) if isinstance(expected, int) else expected
        if newest.version not in versions:
            other = expected if isinstance(expected, int) else "one of those expected"
            name = self.aggregate.name
            raise StaleVersion(f"the {name} is at version {newest.version}, not {other}")

    async def _keep(self, result: E | Refusal, context: CommandContext) -> None:
        if context.idempotency_key is not None:
            await self.store.keep(result, context)


def _hash(command: object) -> str:
    content = msgspec.json.encode((type(command).__name__, command))
    return hashlib.sha256(content).hexdigest()
