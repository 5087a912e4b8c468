"""The application on the memory store."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from chassis.http.pagination import Page
from chassis.problems import Invalid, NotFound
from command_api.application import USER, Users
from command_api.user import CreateUser, DeleteUser, RenameUser, UserEvent
from eventstore.commands import ATTEMPTS
from eventstore.memory import MemoryEventStore
from eventstore.ports import CommandContext, Refusal, StreamConflict
from eventstore.refusals import KeyReused, StaleVersion

ANN = CreateUser("Ann", "Lee")


async def test_a_user_lives_and_leaves_one_marker(users: Users) -> None:
    ann = await users.execute(ANN)
    await users.execute(RenameUser(ann.user_id, "Anna", None))
    deleted = await users.execute(DeleteUser(ann.user_id))
    assert deleted.version == 3
    assert await users.history(ann.user_id, Page()) == ([deleted], None)
    with pytest.raises(NotFound):
        await users.execute(RenameUser(ann.user_id, "Ann", None))


async def test_stale_expected_version_is_rejected(users: Users) -> None:
    ann = await users.execute(ANN)
    await users.execute(RenameUser(ann.user_id, "Anna", None, expected_version=1))
    for command in (
        users.execute(RenameUser(ann.user_id, "Anne", None, expected_version=1)),
        users.execute(DeleteUser(ann.user_id, expected_version=1)),
    ):
        with pytest.raises(StaleVersion):
            await command


@dataclass
class Racing(MemoryEventStore[UserEvent]):
    """A store in which another writer wins the race a number of times."""

    lost: int = 0
    kept: list[UserEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(USER)

    async def append(self, event: UserEvent, request: CommandContext) -> None:
        if event.version > 1 and self.lost > 0:
            self.lost -= 1
            raise StreamConflict("faster")
        await super().append(event, request)


@pytest.mark.parametrize("lost", [1, ATTEMPTS - 1])
async def test_lost_race_is_retried(users: Users, lost: int) -> None:
    racing = Users(USER, Racing(), users.now, users.new_id)
    ann = await racing.execute(ANN)
    assert isinstance(racing.store, Racing)
    racing.store.lost = lost
    assert (await racing.execute(RenameUser(ann.user_id, "Anna", None))).version == 2


async def test_repeatedly_lost_race_raises_a_conflict(users: Users) -> None:
    racing = Users(USER, Racing(), users.now, users.new_id)
    ann = await racing.execute(ANN)
    assert isinstance(racing.store, Racing)
    racing.store.lost = ATTEMPTS
    with pytest.raises(StreamConflict):
        await racing.execute(RenameUser(ann.user_id, "Anna", None))


async def test_same_key_returns_the_first_result(users: Users) -> None:
    ann = await users.execute(ANN, "k1")
    renamed = await users.execute(RenameUser(ann.user_id, "Anna", None), "k2")
    await users.execute(RenameUser(ann.user_id, "Anne", None))
    assert await users.execute(ANN, "k1") == ann
    assert await users.execute(RenameUser(ann.user_id, "Anna", None), "k2") == renamed
    deleted = await users.execute(DeleteUser(ann.user_id), "k3")
    assert await users.execute(DeleteUser(ann.user_id), "k3") == deleted


async def test_key_with_a_different_request_is_rejected(users: Users) -> None:
    ann = await users.execute(ANN, "k1")
    for command in (
        users.execute(CreateUser("Bob", "Lee"), "k1"),
        users.execute(RenameUser(ann.user_id, "Anna", None), "k1"),
        users.execute(DeleteUser(ann.user_id), "k1"),
    ):
        with pytest.raises(KeyReused):
            await command


async def test_twenty_callers_with_one_key_make_one_user(
    users: Users, memory: MemoryEventStore[UserEvent]
) -> None:
    answers = await asyncio.gather(*(users.execute(ANN, "k1") for _ in range(20)))
    assert set(answers) == {answers[0]}
    assert len(memory.log) == 1


class Slow(MemoryEventStore[UserEvent]):
    """Other tasks run between each read and write."""

    async def newest(self, user_id: str) -> UserEvent | None:
        found = await super().newest(user_id)
        await asyncio.sleep(0)
        return found


async def test_twenty_callers_with_one_key_and_one_expectation_get_one_answer(
    users: Users,
) -> None:
    slow = Users(USER, Slow(USER), users.now, users.new_id)
    ann = await slow.execute(ANN)
    rename, delete = RenameUser(ann.user_id, "Anna", None, 1), DeleteUser(ann.user_id, 2)
    renamed = await asyncio.gather(*(slow.execute(rename, "k1") for _ in range(20)))
    assert {event.version for event in renamed} == {2}
    deleted = await asyncio.gather(*(slow.execute(delete, "k2") for _ in range(20)))
    assert {event.version for event in deleted} == {3}


async def test_deletion_removes_the_keys_of_erased_events(users: Users) -> None:
    ann = await users.execute(ANN, "k1")
    await users.execute(DeleteUser(ann.user_id))
    assert (await users.execute(ANN, "k1")).user_id != ann.user_id


@pytest.mark.parametrize("key", ["", "with space", "x" * 129, "ключ", "a\nb"])
async def test_malformed_key_is_rejected(users: Users, key: str) -> None:
    with pytest.raises(Invalid):
        await users.execute(ANN, key)


async def test_history_comes_in_pages_oldest_first(users: Users) -> None:
    ann = await users.execute(ANN)
    for number in range(2, 6):
        await users.execute(RenameUser(ann.user_id, f"Ann {number}", None))
    seen, cursor = [], None
    while True:
        events, cursor = await users.history(ann.user_id, Page(2, cursor))
        seen += [event.version for event in events]
        if cursor is None:
            break
    assert seen == [1, 2, 3, 4, 5]


async def test_unknown_user_has_no_history(users: Users) -> None:
    with pytest.raises(NotFound):
        await users.history("01890000-0000-7000-8000-000000000000", Page())


async def test_a_deletion_is_tombstones_and_then_the_marker(
    users: Users, memory: MemoryEventStore[UserEvent]
) -> None:
    ann = await users.execute(ANN)
    await users.execute(DeleteUser(ann.user_id))
    assert [event and event["type"] for _, event in memory.log] == [
        "UserCreated",
        None,
        "UserDeleted",
    ]


async def test_overlapping_repeat_gets_the_first_result(
    users: Users,
) -> None:
    class Overtaken(MemoryEventStore[UserEvent]):
        """Let the first request, and others, run after the repeat has searched for its key."""

        meanwhile: Callable[[], Awaitable[None]] | None = None

        async def results(self, idempotency_key: str) -> list[tuple[UserEvent | Refusal, str]]:
            found = await super().results(idempotency_key)
            if self.meanwhile is not None:
                meanwhile, self.meanwhile = self.meanwhile, None
                await meanwhile()
            return found

    store = Overtaken(USER)
    users = replace(users, store=store)
    user_id = (await users.execute(CreateUser("Ann", "Lee"))).user_id
    answers = []

    async def the_first_and_others() -> None:
        answers.append(await users.execute(RenameUser(user_id, "Anna", None), key="k"))
        await users.execute(RenameUser(user_id, None, "Li"))

    store.meanwhile = the_first_and_others
    answers.append(await users.execute(RenameUser(user_id, "Anna", None), key="k"))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("expected", "request_hash"),
    [
        (None, "1641380d8ff0f525ef7dc0c29cc35f6bc947580a9a3867c386fec8b52c15f466"),
        (3, "b28d6d76221b31b129fd9335c20e058a2cf648d4741edbe9f7b9084e5ea63d14"),
    ],
)
async def test_the_hash_of_a_request_is_what_earlier_versions_stored(
    users: Users, expected: int | None, request_hash: str
) -> None:
    """A key stored before an upgrade must be recognized after it."""
    created = await users.execute(CreateUser("Ann", "Lee"))
    deletion = DeleteUser("01890000-0000-7000-8000-000000000001", expected)
    assert created.user_id == deletion.user_id
    for name in ("A", "B"):
        await users.execute(RenameUser(created.user_id, name, None))
    await users.execute(deletion, "key")
    assert [stored for _, stored in await users.store.results("key")] == [request_hash]
