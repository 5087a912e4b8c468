"""The first result of an idempotency key is repeated, whatever it was."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from chassis.problems import Invalid, Kind, NotFound, Problem, Unavailable
from command_api.application import USER, Users
from command_api.user import CreateUser, DeleteUser, RenameUser, UserEvent
from eventstore.commands import ATTEMPTS
from eventstore.memory import MemoryEventStore
from eventstore.ports import CommandContext, Refusal, StreamConflict
from eventstore.refusals import KeyReused, StaleVersion

ANN = CreateUser("Ann", "Lee")
UNKNOWN_ID = "01890000-0000-7000-8000-ffffffffffff"
Refused = Callable[[Users, str], Awaitable[UserEvent]]
"""A refused command with this key, on the user with this id at version 1."""


async def outcome(answer: Awaitable[UserEvent]) -> object:
    """Return the result in a comparable form."""
    try:
        return await answer
    except Problem as problem:
        return type(problem), problem.detail, problem.errors


async def test_unchanged_rename_is_repeated_after_another_rename(
    users: Users, memory: MemoryEventStore[UserEvent]
) -> None:
    ann = await users.execute(ANN)
    same = RenameUser(ann.user_id, "Ann", None)
    assert await users.execute(same, "k") == ann
    beth = await users.execute(RenameUser(ann.user_id, "Beth", None))
    assert await users.execute(same, "k") == ann
    assert await memory.newest(ann.user_id) == beth


def unknown(users: Users, _: str) -> Awaitable[UserEvent]:
    return users.execute(RenameUser(UNKNOWN_ID, "Anna", None), "k")


def unknown_deletion(users: Users, _: str) -> Awaitable[UserEvent]:
    return users.execute(DeleteUser(UNKNOWN_ID), "k")


def stale(users: Users, user_id: str) -> Awaitable[UserEvent]:
    return users.execute(RenameUser(user_id, "Anna", None, 7), "k")


def stale_deletion(users: Users, user_id: str) -> Awaitable[UserEvent]:
    return users.execute(DeleteUser(user_id, 7), "k")


def invalid(users: Users, _: str) -> Awaitable[UserEvent]:
    return users.execute(CreateUser("\u200b", "x" * 101), "k")


def invalid_rename(users: Users, user_id: str) -> Awaitable[UserEvent]:
    return users.execute(RenameUser(user_id, None, None), "k")


def malformed_id(users: Users, _: str) -> Awaitable[UserEvent]:
    return users.execute(DeleteUser("ann"), "k")


def unchanged(users: Users, user_id: str) -> Awaitable[UserEvent]:
    return users.execute(RenameUser(user_id, "Ann", "Lee"), "k")


REFUSED: dict[Refused, type[Problem]] = {
    unknown: NotFound,
    unknown_deletion: NotFound,
    stale: StaleVersion,
    stale_deletion: StaleVersion,
    invalid: Invalid,
    invalid_rename: Invalid,
    malformed_id: Invalid,
}


@pytest.mark.parametrize("refused", REFUSED)
async def test_final_refusal_is_repeated_when_the_state_has_changed(
    users: Users, refused: Refused
) -> None:
    ann = await users.execute(ANN)
    with pytest.raises(REFUSED[refused]):
        await refused(users, ann.user_id)
    first = await outcome(refused(users, ann.user_id))
    for number in range(6):  # to version 7, which some of them expect
        await users.execute(RenameUser(ann.user_id, f"Ann {number}", None))
    assert await outcome(refused(users, ann.user_id)) == first
    await users.execute(DeleteUser(ann.user_id))
    assert await outcome(refused(users, ann.user_id)) == first


@pytest.mark.parametrize("first", [*REFUSED, unchanged])
async def test_key_with_another_request_is_reused_whatever_the_first_answer_was(
    users: Users, memory: MemoryEventStore[UserEvent], first: Refused
) -> None:
    ann = await users.execute(ANN)
    await outcome(first(users, ann.user_id))
    before = len(memory.log)
    for command in (
        users.execute(ANN, "k"),
        users.execute(RenameUser(ann.user_id, "Anna", None), "k"),
        users.execute(DeleteUser(ann.user_id), "k"),
        users.execute(CreateUser("", ""), "k"),
    ):
        with pytest.raises(KeyReused):
            await command
    assert len(memory.log) == before


async def test_repeat_after_the_rules_changed_gets_the_first_refusal(users: Users) -> None:
    """The stored result is repeated, not decided again."""
    await outcome(invalid(users, ""))
    ((_, request_hash),) = await users.store.results("k")
    store = MemoryEventStore(USER)
    await store.keep(Refusal(Kind.INVALID, "an older rule"), CommandContext("k", request_hash))
    again = await outcome(invalid(replace(users, store=store), ""))
    assert again == (Invalid, "an older rule", ())


@pytest.mark.parametrize("first", REFUSED)
async def test_kept_refusal_holds_no_name(users: Users, first: Refused) -> None:
    ann = await users.execute(CreateUser("Zebediah", "Lee"))
    await outcome(first(users, ann.user_id))
    kept = repr(await users.store.results("k"))
    assert not [name for name in ("Zebediah", "Lee", "Anna", "\u200b", "xxx") if name in kept]


class Crashing(MemoryEventStore[UserEvent]):
    """Stores the event, and crashes before it returns."""

    is_crashing = False

    async def keep(self, answer: UserEvent | Refusal, request: CommandContext) -> None:
        await super().keep(answer, request)
        if self.is_crashing:
            raise Unavailable("crashed")


@pytest.mark.parametrize("first", [*REFUSED, unchanged])
async def test_answer_survives_a_crash_between_storing_and_answering(
    users: Users, first: Refused
) -> None:
    store = Crashing(USER)
    users = replace(users, store=store)
    ann = await users.execute(ANN)
    store.is_crashing = True
    with pytest.raises(Unavailable):
        await first(users, ann.user_id)
    store.is_crashing = False
    kept = await store.results("k")
    await users.execute(RenameUser(ann.user_id, "Beth", None))
    answer = await outcome(first(users, ann.user_id))
    assert await store.results("k") == kept
    assert answer == ann or (isinstance(answer, tuple) and answer[0] is REFUSED[first])


@pytest.mark.parametrize("first", [*REFUSED, unchanged])
async def test_answer_without_a_key_is_not_kept(
    users: Users, memory: MemoryEventStore[UserEvent], first: Refused
) -> None:
    ann = await users.execute(ANN)
    for command in (
        users.execute(RenameUser(UNKNOWN_ID, "Anna", None)),
        users.execute(RenameUser(ann.user_id, "Ann", None)),
        users.execute(CreateUser("", "")),
    ):
        await outcome(command)
    assert await memory.prune(0, 100) == 0
    await outcome(first(users, ann.user_id))
    assert await memory.prune(0, 100) == 1


class Losing(MemoryEventStore[UserEvent]):
    """Loses its races, or does not respond, for a time."""

    problem: Problem | None = None

    async def append(self, event: UserEvent, request: CommandContext) -> None:
        if self.problem is not None:
            raise self.problem
        await super().append(event, request)


@pytest.mark.parametrize("problem", [StreamConflict("faster"), Unavailable("mysql")])
async def test_answer_that_is_not_final_is_not_repeated(users: Users, problem: Problem) -> None:
    store = Losing(USER)
    users = replace(users, store=store)
    ann = await users.execute(ANN)
    rename = RenameUser(ann.user_id, "Anna", None)
    store.problem = problem
    with pytest.raises(type(problem)):
        await users.execute(rename, "k")
    store.problem = None
    assert (await users.execute(rename, "k")).version == 2


class Slow(MemoryEventStore[UserEvent]):
    """Other tasks run before and after each call; another request renames in between."""

    def __init__(self) -> None:
        super().__init__(USER)
        self.reads = 0
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def newest(self, user_id: str) -> UserEvent | None:
        found = await super().newest(user_id)
        self.reads += 1
        if self.reads == ATTEMPTS and self.meanwhile is not None:
            await self.meanwhile()
        await asyncio.sleep(0)
        return found


@pytest.mark.parametrize("first_name", ["Ann", "Beth"])
async def test_twenty_at_once_get_one_answer_while_another_renames(
    users: Users, first_name: str
) -> None:
    """Some requests decide before the rename, and change nothing; others decide after it."""
    store = Slow()
    users = replace(users, store=store)
    ann = await users.execute(ANN)
    store.meanwhile = lambda: Users(USER, store, users.now, users.new_id).execute(
        RenameUser(ann.user_id, "Beth", None)
    )
    rename = RenameUser(ann.user_id, first_name, None)
    answers = await asyncio.gather(*(outcome(users.execute(rename, "k")) for _ in range(20)))
    assert set(answers) == {answers[0]}
    assert isinstance(answers[0], UserEvent)
    (kept,) = await store.results("k")
    assert kept[0] == answers[0]


async def test_deletion_forgets_the_key_of_an_answer_that_it_removes(users: Users) -> None:
    ann = await users.execute(ANN)
    same = RenameUser(ann.user_id, "Ann", None)
    assert await users.execute(same, "k") == ann
    await users.execute(DeleteUser(ann.user_id))
    with pytest.raises(NotFound):
        await users.execute(same, "k")
