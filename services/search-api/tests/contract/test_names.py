"""names.yaml: names in many scripts, and the queries that find them."""

import itertools
from pathlib import Path
from typing import Any

import yaml

GROUPS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("names.yaml").read_text())
EVERYBODY = list(itertools.chain.from_iterable(group["people"] for group in GROUPS))
MOST = 100


def queries() -> list[tuple[str, list[str], bool]]:
    """A query, the names expected first, and whether these are all."""
    cases = []
    for group in GROUPS:
        cases += [(text, names, False) for text, names in group["first"].items()]
        cases += [(text, names, True) for text, names in group.get("only", {}).items()]
        cases += [(text, [], True) for text in group.get("none", [])]
    return cases


def document(number: int, name: str) -> dict[str, Any]:
    first, last = name.split("|")
    return {
        "id": f"0192f5a8-4d3c-7a10-8b2e-{number:012x}",
        "version": 1,
        "first_name": first,
        "last_name": last,
        "created_at": "2026-11-24T01:02:03.123456Z",
    }


def test_the_table_covers_many_names_and_scripts() -> None:
    assert len(queries()) >= 150
    assert len({group["script"] for group in GROUPS}) >= 20
    assert len(EVERYBODY) == len(set(EVERYBODY))


async def test_each_query_of_the_table_finds_the_expected_people_first(shelf: Any) -> None:
    await shelf.put(*(document(number, name) for number, name in enumerate(EVERYBODY)))
    wrong = []
    for text, expected, are_all in queries():
        hits = await shelf.index.search(text, None, MOST)
        found = [f"{hit.document['first_name']}|{hit.document['last_name']}" for hit in hits]
        if found[: None if are_all else len(expected)] != expected:
            wrong.append(f"{text}: {found[:6]}, not {expected}")
    assert not wrong, "\n".join(wrong)
