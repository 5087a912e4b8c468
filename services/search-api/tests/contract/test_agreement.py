"""OpenSearch and its double return the same hits and scores for any query."""

import random
from typing import Any

import pytest

# Short alphabets, so that words, beginnings, parts and typing errors meet often.
ALPHABETS = [
    "abé",
    "abcdefghij",
    "αάςσβ",
    "аёйб",
    "اأبة",
    "अािं",
    "ガかきギ",
    "민수김",
    "李小龍山本",
    "O'-x 😀",
]
SEED = 20261129
PEOPLE, QUERIES = 200, 200


def texts(rng: random.Random) -> str:
    """Return one to three words of one alphabet."""
    alphabet = rng.choice(ALPHABETS)
    lengths = (rng.randint(1, 9) for _ in range(rng.choice((1, 1, 1, 2, 3))))
    return " ".join("".join(rng.choices(alphabet, k=length)) for length in lengths)


def query_for(rng: random.Random, people: list[dict[str, Any]]) -> str:
    """Return a text, or a name, or words of a name with one character changed."""
    one = rng.choice(people)
    name: list[str] = [*one["first_name"].split(), *one["last_name"].split()]
    rng.shuffle(name)
    match rng.randrange(4):
        case 0:
            return texts(rng)
        case 1:
            return f"{one['last_name']}{rng.choice(('', ' '))}{one['first_name']}"
        case 2:
            return " ".join(word[: rng.randint(1, len(word))] for word in name)
        case _:
            at = rng.randrange(len(name[0]))
            return name[0][:at] + rng.choice("abα민李") + name[0][at + 1 :]


@pytest.mark.integration
async def test_both_indexes_give_the_same_hits_and_scores(memory: Any, opensearch: Any) -> None:
    rng = random.Random(SEED)
    people: list[dict[str, Any]] = [
        {
            "id": f"0192f5a8-4d3c-7a10-8b2e-{number:012x}",
            "version": 1,
            "first_name": texts(rng),
            "last_name": texts(rng),
            "created_at": "2026-11-24T01:02:03.123456Z",
        }
        for number in range(PEOPLE)
    ]
    await memory.put(*people)
    await opensearch.put(*people)
    found = 0
    for _ in range(QUERIES):
        text = query_for(rng, people)
        expected, hits = [await one.index.search(text, None, 1000) for one in (memory, opensearch)]
        assert hits == expected, text
        found += len(hits)
    assert found > QUERIES


@pytest.mark.parametrize("term", ["abcd", "ivanova", "alexandria", "Žižek", "ガガーリン"])
async def test_every_name_near_the_term_is_on_some_page(shelf: Any, term: str) -> None:
    """Fuzzy queries usually stop at 50 variants; here each position of the term has 26."""
    near = {
        f"{term[:at]}{chr(ord('a') + letter)}{term[at + 1 :]}"
        for at in range(len(term))
        for letter in range(26)
    }
    people = {
        f"0192f5a8-4d3c-7a10-8b2e-{number:012x}": word for number, word in enumerate(sorted(near))
    }
    await shelf.put(
        *(
            {
                "id": key,
                "version": 1,
                "first_name": "Bob",
                "last_name": word,
                "created_at": "2026-11-24T01:02:03.123456Z",
            }
            for key, word in people.items()
        )
    )
    seen: list[str] = []
    after = None
    while hits := await shelf.index.search(term, after, 20):
        seen += [hit.document["last_name"] for hit in hits]
        after = (hits[-1].score, hits[-1].document["id"])
    assert len(seen) == len(set(seen))
    assert set(seen) == near


@pytest.mark.parametrize(
    ("text", "is_found"), [("alexnadira", True), ("xlexandria", True), ("xlexandira", False)]
)
async def test_two_typing_errors_need_the_right_first_letter(
    shelf: Any, text: str, *, is_found: bool
) -> None:
    one = {"id": "0192f5a8-4d3c-7a10-8b2e-000000000001", "version": 1}
    names = {"first_name": "Bob", "last_name": "Alexandria"}
    await shelf.put(one | names | {"created_at": "2026-11-24T01:02:03Z"})
    assert bool(await shelf.index.search(text, None, 10)) == is_found
