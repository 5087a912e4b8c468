"""Life cycle of a user through every server, over HTTP and gRPC."""

import asyncio
import uuid
from collections.abc import Awaitable

import pytest

from chassis.testing import eventually
from tests.support.clients.api_clients import ApiClient, Refused
from tests.support.stack.survival import letters

pytestmark = pytest.mark.e2e


def unique(prefix: str) -> str:
    """Return a name that no other test has, of A to Z only, so that search sees one word."""
    return prefix + letters()


async def test_a_user_is_created_found_renamed_and_deleted(api: ApiClient) -> None:
    last = unique("Lee")
    created = await api.create("Bruce", last)
    user = created["id"]
    assert created["version"] == 1
    assert await api.get(user, min_version=1) == created

    async def found() -> None:
        assert await api.search(last) == [created]

    await eventually(found)

    renamed = await api.rename(user, "Brandon", expected=1)
    assert renamed == created | {"first_name": "Brandon", "version": 2}
    assert await api.get(user, min_version=2) == renamed

    async def found_renamed() -> None:
        assert await api.search(last) == [renamed]

    await eventually(found_renamed)
    assert [(e["type"], e["first_name"]) for e in await api.history(user)] == [
        ("UserCreated", "Bruce"),
        ("UserRenamed", "Brandon"),
    ]

    await api.delete(user, expected=2)

    async def gone() -> None:
        assert await api.search(last) == []
        with pytest.raises(Refused) as refused:
            await api.get(user)
        assert refused.value.status in {404, "NOT_FOUND"}

    await eventually(gone)
    assert [event["type"] for event in await api.history(user)] == ["UserDeleted"]


async def test_the_newest_user_is_first_in_the_list(api: ApiClient) -> None:
    users = [await api.create("List", unique("Ed")) for _ in range(3)]
    await api.get(users[-1]["id"], min_version=1)

    async def listed() -> None:
        newest, _ = await api.list_page(limit=10)
        ours = [user for user in newest if user in users]
        assert ours == list(reversed(users))

    await eventually(listed)


async def test_pages_follow_each_other_without_gap_or_repeat(api: ApiClient) -> None:
    users = [await api.create("Page", unique("Turner")) for _ in range(7)]

    async def all_visible() -> None:
        newest, _ = await api.list_page(limit=100)
        assert {user["id"] for user in users} <= {user["id"] for user in newest}

    await eventually(all_visible)
    seen, cursor = await api.list_page(limit=3)
    while cursor and len(seen) < 100:
        page, cursor = await api.list_page(limit=3, cursor=cursor)
        seen += page
    ids = [user["id"] for user in seen]
    assert len(ids) == len(set(ids))
    assert [i for i in ids if i in {u["id"] for u in users}] == [u["id"] for u in reversed(users)]


async def test_one_of_two_writers_with_the_same_if_match_wins(api: ApiClient) -> None:
    user = await api.create("Two", unique("Writers"))
    outcomes = await asyncio.gather(
        *(api.rename(user["id"], name, expected=1) for name in ("Left", "Right")),
        return_exceptions=True,
    )
    refused = [o for o in outcomes if isinstance(o, Refused)]
    won = [o for o in outcomes if isinstance(o, dict)]
    assert [r.status for r in refused] in ([412], ["FAILED_PRECONDITION"])
    assert await api.get(user["id"], min_version=2) == won[0]


async def test_fifty_renames_in_a_row_end_at_the_last_one(api: ApiClient) -> None:
    user = await api.create("Rename", unique("Fifty"))
    for number in range(2, 52):
        latest = await api.rename(user["id"], f"Number {number}")
    assert latest["version"] == 51
    assert await api.get(user["id"], min_version=51) == latest

    async def found() -> None:
        assert await api.search(user["last_name"]) == [latest]

    await eventually(found)


async def test_a_repeated_idempotency_key_creates_one_user(api: ApiClient) -> None:
    last, key = unique("Once"), str(uuid.uuid4())
    first = await api.create("Only", last, key=key)
    again = await asyncio.gather(*(api.create("Only", last, key=key) for _ in range(10)))
    assert all(answer == first for answer in again)
    with pytest.raises(Refused) as refused:
        await api.create("Other", last, key=key)
    assert refused.value.status in {422, "INVALID_ARGUMENT"}

    async def found_once() -> None:
        assert await api.search(last) == [first]

    await eventually(found_once)


async def test_first_response_to_an_idempotency_key_is_repeated(api: ApiClient) -> None:
    user = await api.create("Ann", unique("First"))
    unchanged, stale, unknown = (str(uuid.uuid4()) for _ in range(3))
    unknown = "01890000-0000-7000-8000-ffffffffffff"

    async def answers() -> list[object]:
        return [
            await api.rename(user["id"], "Ann", key=unchanged),
            await refusal(api.rename(user["id"], "Late", expected=2, key=stale)),
            await refusal(api.rename(unknown, "Ann", key=unknown)),
        ]

    first = await answers()
    assert first[0] == user
    beth = await api.rename(user["id"], "Beth")
    assert beth["version"] == 2
    assert await answers() == first
    for key in (unchanged, stale, unknown):
        assert await refusal(api.create("Other", "Person", key=key)) in {422, "INVALID_ARGUMENT"}
    assert await api.get(user["id"], min_version=2) == beth


async def refusal(answer: Awaitable[object]) -> object:
    """Return the status with which the command is refused."""
    with pytest.raises(Refused) as refused:
        await answer
    return refused.value.status


NAMES = [
    ("Zoë", "Saldaña", ["Zoë", "zoe", "saldana"]),
    ("Slavoj", "Žižek", ["Žižek", "zizek", "žiž"]),
    ("小龍", "李", ["李", "小龍", "李小龍"]),
    ("Conan", "O'Brien", ["O'Brien", "obrien", "O’Brien"]),
    ("Anne-Marie", "Duff", ["Anne-Marie", "marie", "anne"]),
    ("Smile", "😀", ["😀"]),
    ("Владимир", "Высоцкий", ["высоцкий", "Влад"]),
    ("محمد", "علي", ["محمد"]),
    ("Γιώργος", "Παπάς", ["ΠΑΠΑΣ", "γ παπας"]),
    ("أحمد", "الهاشمي", ["احمد", "الهاشمی"]),
    ("Ёлка", "Ёжикова", ["Елка", "ЕЖИКОВА ЕЛКА"]),
    ("민수", "김", ["김민수", "민수 김", "수"]),
    ("太郎", "田中", ["田中太郎", "田中　太郎"]),
    ("Łukasz", "Ørsted-Đặng", ["lukasz orsted", "orsteddang", "L Dang"]),
]


async def test_single_letter_matches_as_prefix_and_word_order_affects_ranking(
    api: ApiClient,
) -> None:
    smith = unique("Smith")
    john, zoe = await api.create("John", smith), await api.create("Zoe", smith)
    turned = await api.create(smith, "Jones")
    jane = await api.create("Jane", smith)

    async def found_in_order() -> None:
        assert await api.search(f"J {smith}") == [john, jane, turned]
        assert await api.search(f"{smith} Z") == [zoe]

    await eventually(found_in_order)


@pytest.mark.parametrize(
    ("first", "last", "terms"), NAMES, ids=lambda v: v if isinstance(v, str) else ""
)
async def test_names_of_any_script_survive_every_hop(
    api: ApiClient, first: str, last: str, terms: list[str]
) -> None:
    created = await api.create(first, last)
    assert (created["first_name"], created["last_name"]) == (first, last)
    assert await api.get(created["id"], min_version=1) == created

    async def found_by_each_term() -> None:
        for term in terms:
            assert created in await api.search(term), term

    await eventually(found_by_each_term)
    await api.delete(created["id"])
