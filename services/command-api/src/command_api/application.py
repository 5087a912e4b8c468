"""Everything a caller may ask of command-api."""

import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec
import structlog

from chassis.http.pagination import Page, decode_cursor, encode_cursor, invalid
from chassis.limits.concurrency import LimitByKey
from chassis.observability import tracing
from chassis.observability.command_metrics import COMMANDS
from chassis.problems import NotFound, Problem
from command_api.ports import Answer, EventStore, KeyTaken, Refusal, Request, StreamConflict
from command_api.refusals import FINAL, KeyReused, StaleVersion, problem_of, refusal_of
from command_api.user import (
    Command,
    CreateUser,
    DeleteUser,
    NewId,
    RenameUser,
    UserEvent,
    check_user_id,
    decide,
)

ATTEMPTS = 5  # at a lost race when the caller has no expectation; ten writers on one user need 3
WRITERS = 200  # that wait for their turn on one user; a turn takes some milliseconds
PATIENCE = 3.0  # seconds that a writer waits for its turn
KEY = re.compile(r"[!-~]{1,128}")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Users:
    """Create, rename, delete, and the history of a user.

    A command with an idempotency key gives the first answer again, a final refusal included (see
    refusals.py), when the same request comes with the same key, also after a crash between storing
    and answering. A key lives as long as its event: deleting a user forgets the keys of the events
    it removes. An answer that appended no event lives for a time (see answer_retention.py).
    """

    store: EventStore
    now: Callable[[], datetime]
    new_id: NewId
    writers: LimitByKey = field(
        default_factory=lambda: LimitByKey("writers of one id", WRITERS, PATIENCE)
    )
    """One command at a time for each user: others would lose the race, and hold connections."""

    async def create(self, command: CreateUser, key: str | None = None) -> UserEvent:
        """The new user; raises Invalid, KeyReused, Unavailable."""
        return await self._do(command, key)

    async def rename(self, command: RenameUser, key: str | None = None) -> UserEvent:
        """The user after it.

        Raises Invalid, NotFound, StaleVersion, StreamConflict, KeyReused, Unavailable, and
        TooManyRequests where this caller has too many commands for this user.
        """
        return await self._do(command, key)

    async def delete(self, command: DeleteUser, key: str | None = None) -> UserEvent:
        """The marker that remains; raises as rename does."""
        return await self._do(command, key)

    async def history(self, user_id: str, page: Page) -> tuple[Sequence[UserEvent], str | None]:
        """A page of the user's events, oldest first, and the next cursor; raises NotFound."""
        check_user_id(user_id)
        after = decode_cursor(page.cursor, int) if page.cursor else 0
        events = await self.store.history(user_id, after, page.limit + 1)
        if not events and not after:
            raise NotFound(f"no user has the id {user_id}")
        if len(events) <= page.limit:
            return events, None
        return events[: page.limit], encode_cursor(events[page.limit - 1].version)

    async def _do(self, command: Command, key: str | None) -> UserEvent:
        outcome = "failed"
        try:
            event, outcome = await self._once(command, key)
        except Problem as problem:
            outcome = problem.kind
            raise
        else:
            return event
        finally:
            COMMANDS.labels(type(command).__name__, outcome).inc()

    async def _once(self, command: Command, key: str | None) -> tuple[UserEvent, str]:
        """The event that answers, and what became of the command."""
        request = Request(traceparent=tracing.traceparent())
        if key is None:
            return await self._carry_out(command, request)
        if not KEY.fullmatch(key):
            raise invalid("Idempotency-Key", "must be 1 to 128 visible ASCII characters")
        request = replace(request, idempotency_key=key, request_hash=_hash(command))
        if (first := await self._first_answer(request)) is not None:
            return first, "replayed"
        try:
            return await self._carry_out(command, request)
        except (KeyTaken, StreamConflict) as lost:
            # What was in the way may be this very request, sent before or at the same time.
            if (first := await self._first_answer(request)) is not None:
                return first, "replayed"
            if isinstance(lost, KeyTaken):
                raise StreamConflict("the idempotency key was just used and erased") from lost
            raise

    async def _first_answer(self, request: Request) -> UserEvent | None:
        """None: the key is new. Raises the first answer if it was a refusal, and KeyReused."""
        answers = await self.store.by_key(request.idempotency_key or "")
        for answer, request_hash in answers:
            if request_hash == request.request_hash:
                if isinstance(answer, Refusal):
                    raise problem_of(answer)
                return answer
        if answers:
            raise KeyReused("this idempotency key came with another request before")
        return None

    async def _carry_out(self, command: Command, request: Request) -> tuple[UserEvent, str]:
        async with self._turn(command):
            for _ in range(ATTEMPTS - 1):
                try:
                    return await self._attempt(command, request)
                except StreamConflict:
                    # Another process was faster. With an expectation the next look finds it stale.
                    continue
            return await self._attempt(command, request)

    def _turn(self, command: Command) -> AbstractAsyncContextManager[None]:
        if isinstance(command, CreateUser):
            return nullcontext()
        return self.writers.slot(command.user_id)

    async def _attempt(self, command: Command, request: Request) -> tuple[UserEvent, str]:
        try:
            newest, event = await self._decided(command)
        except FINAL as refusal:
            await self._keep(refusal_of(refusal), request)
            raise
        if event is newest:
            await self._keep(event, request)
            return event, "unchanged"
        if event.type == "UserDeleted":
            await self.store.erase(event, request)
        else:
            await self.store.append(event, request)
        log.debug("appended", event_id=event.event_id, type=event.type, version=event.version)
        return event, "accepted"

    async def _decided(self, command: Command) -> tuple[UserEvent | None, UserEvent]:
        """The user's newest event and the one that the command leads to; raises what is FINAL."""
        newest = None
        if not isinstance(command, CreateUser):
            check_user_id(command.user_id)
            newest = await self.store.newest(command.user_id)
            _check_expectation(newest, command.expected_version)
        return newest, decide(newest, command, self.now(), self.new_id)

    async def _keep(self, answer: Answer, request: Request) -> None:
        if request.idempotency_key is not None:
            await self.store.keep(answer, request)


def _check_expectation(newest: UserEvent | None, expected: int | tuple[int, ...] | None) -> None:
    """Raise StaleVersion unless the user is at the version, or one of the versions, expected."""
    if expected is None or newest is None or newest.type == "UserDeleted":
        return  # the rules say what is missing
    versions = (expected,) if isinstance(expected, int) else expected
    if newest.version not in versions:
        other = expected if isinstance(expected, int) else "one of those expected"
        raise StaleVersion(f"the user is at version {newest.version}, not {other}")


def _hash(command: Command) -> str:
    content = msgspec.json.encode((type(command).__name__, command))
    return hashlib.sha256(content).hexdigest()
