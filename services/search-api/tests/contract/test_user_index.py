"""Contract suite of searchable indexes."""

import itertools
import json
import uuid
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import msgspec
import pytest
from opensearchpy import AsyncOpenSearch

from chassis.problems import Unavailable
from local_stack.addresses import Addresses
from projections.opensearch.reader import OpenSearchReader
from projections.opensearch.text_index import OpenSearchTextIndex
from search_api import former_index
from search_api.documents import User

NUMBERS = itertools.count(1)


def user(first: str, last: str) -> dict[str, Any]:
    number = next(NUMBERS)
    return {
        "id": f"0192f5a8-4d3c-7a10-8b2e-{number:012x}",
        "version": number,
        "first_name": first,
        "last_name": last,
        "created_at": "2026-11-24T01:02:03.123456Z",
    }


async def found(shelf: Any, text: str) -> list[str]:
    return [
        f"{hit.document['first_name']} {hit.document['last_name']}"
        for hit in await shelf.index.search(text, None, 100)
    ]


async def test_a_user_is_found_as_it_was_written(shelf: Any) -> None:
    ann = user("Zoë", "李")
    await shelf.put(ann)
    (hit,) = await shelf.index.search("Zoë", None, 10)
    found = msgspec.convert(hit.document, User)
    assert (found.id, found.first_name, found.last_name) == (ann["id"], "Zoë", "李")
    assert found.created_at.isoformat() == "2026-11-24T01:02:03.123456+00:00"
    assert found.version == ann["version"]


PEOPLE = [
    ("Zoë", "Saldaña"),
    ("Slavoj", "Žižek"),
    ("小龍", "李"),
    ("Conan", "O'Brien"),
    ("Anne-Marie", "Duff"),
    ("Smile", "😀"),
    ("Bruce", "Lee"),
    ("Владимир", "Высоцкий"),
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("zoe", "Zoë Saldaña"),
        ("ZOË", "Zoë Saldaña"),
        ("saldana", "Zoë Saldaña"),
        ("Žižek", "Slavoj Žižek"),
        ("zizek", "Slavoj Žižek"),
        ("žiž", "Slavoj Žižek"),
        ("avo", "Slavoj Žižek"),
        ("李", "小龍 李"),
        ("小龍", "小龍 李"),
        ("李小龍", "小龍 李"),
        ("obrien", "Conan O'Brien"),
        ("O'Brien", "Conan O'Brien"),
        ("O’Brien", "Conan O'Brien"),
        ("brien", "Conan O'Brien"),
        ("marie", "Anne-Marie Duff"),
        ("anne-marie", "Anne-Marie Duff"),
        ("uf", "Anne-Marie Duff"),
        ("😀", "Smile 😀"),
        ("bruce lee", "Bruce Lee"),
        ("lee bruce", "Bruce Lee"),
        ("lee br", "Bruce Lee"),
        ("B", "Bruce Lee"),
        ("брюс", None),
        ("высоцкий", "Владимир Высоцкий"),
        ("bruce zizek", None),
        ("saldania", "Zoë Saldaña"),
        ("brvce", "Bruce Lee"),
    ],
)
async def test_users_are_found_by_typical_queries(shelf: Any, text: str, name: str | None) -> None:
    await shelf.put(*(user(first, last) for first, last in PEOPLE))
    names = await found(shelf, text)
    assert names[:1] == ([name] if name else []), names


async def test_better_kinds_of_match_come_first(shelf: Any) -> None:
    await shelf.put(
        user("Bob", "Amari"),  # part of a word
        user("Bob", "Marianne"),  # beginning
        user("Bob", "Mari"),  # word
        user("Bob", "Smith"),  # nothing
    )
    assert await found(shelf, "mari") == ["Bob Mari", "Bob Marianne", "Bob Amari"]


async def test_a_long_part_does_not_outweigh_a_whole_word(shelf: Any) -> None:
    await shelf.put(
        *(user("Bob", f"Xalexandria{letter}") for letter in "abc"),
        user("Maximiliana", "Alexandria"),
    )
    assert (await found(shelf, "alexandria"))[0] == "Maximiliana Alexandria"


async def test_a_typo_comes_after_the_right_spelling(shelf: Any) -> None:
    await shelf.put(user("Jon", "Meyer"), user("Jan", "Meier"))
    assert await found(shelf, "meier") == ["Jan Meier", "Jon Meyer"]


async def test_no_similar_name_is_omitted_however_many_there_are(shelf: Any) -> None:
    """OpenSearch combines at most 1,024 of them in a query."""
    pairs = list(itertools.product(ascii_lowercase, repeat=2))
    names = {f"bacd{one}ef{two}gh" for one, two in pairs} | {f"ba{a}cdefg{b}h" for a, b in pairs}
    await shelf.put(*(user("Ann", name) for name in names))
    hits = await shelf.index.search("bacdefgh", None, 2_000)
    assert len(names) > 1_100
    assert {hit.document["last_name"] for hit in hits} == names


async def test_deleted_users_are_never_found(shelf: Any) -> None:
    ann = user("Ann", "Lee")
    await shelf.put(ann)
    await shelf.put({"id": ann["id"], "version": 9999, "deleted": True})
    assert await found(shelf, "ann") == []


async def test_pages_hold_each_match_once_best_first(shelf: Any) -> None:
    await shelf.put(*(user("Ann", f"Lee{'son' * (number % 3)}") for number in range(25)))
    seen, after = [], None
    while hits := await shelf.index.search("lee", after, 4):
        seen += [(hit.score, hit.document["id"]) for hit in hits]
        after = seen[-1]
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, key=lambda place: (-place[0], place[1]))


@pytest.mark.parametrize(
    "text",
    ["*", "?", "***", '"', "\\", "'", "’’", "a* OR b", '{"match_all":{}}', "(((", "~", "../x", "–"],
)
async def test_a_hostile_term_is_only_a_term(shelf: Any, text: str) -> None:
    await shelf.put(user("Ann", "Lee"))
    assert await found(shelf, text) == []


async def test_unavailable_opensearch_is_reported(unused_ports: list[int]) -> None:
    address = f"http://127.0.0.1:{unused_ports[0]}"
    async with AsyncOpenSearch(address, max_retries=0) as client:
        reader = OpenSearchReader(client, "users", 1)
        for call in (OpenSearchTextIndex(reader).search("ann", None, 1), reader.ping()):
            with pytest.raises(Unavailable):
                await call


FORMER = Path(__file__).parents[4] / "schemas" / "samples" / "opensearch-users" / "v1.json"


@pytest.mark.integration
async def test_an_index_of_the_former_version_is_searched_as_before(stack: Addresses) -> None:
    name = f"test-{uuid.uuid4().hex[:8]}"
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        await client.indices.create(index=name, body=json.loads(FORMER.read_text("utf-8")))
        for first, last in PEOPLE:
            one = user(first, last)
            await client.index(index=name, id=one["id"], body=one, params={"refresh": "true"})
        index = OpenSearchTextIndex(OpenSearchReader(client, name, 5), former_index.tiers)
        for text in ("zizek", "Bruce Lee", "lee br", "uf", "saldania", "李小龍", "anne-marie"):
            assert await index.search(text, None, 100), text
        await client.indices.delete(index=name)
