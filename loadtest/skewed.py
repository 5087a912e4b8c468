"""People with realistically skewed names, and the terms that callers search for.

common_names.json has the share of each common name, in percent. A fifth of all people are called
Maria, and a fifth Kim, as in countries whose most common surname a fifth have (South Korea's census
of 2015: Kim 21.5 %). All other names are rare.
"""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chassis.text import folding

COMMON: dict[str, dict[str, float]] = json.loads(
    (Path(__file__).parent / "common_names.json").read_text("utf-8")
)
FIFTH = ["maria", "kim", "mar", "ki", "m", "maria kim", "ma ki", "mraia", "ari"]
"""Terms that a fifth of all people match, or more: names, prefixes, both, a typo, a part."""


def people(count: int) -> Iterator[tuple[str, str]]:
    """Yield first and last names, the same ones each time."""
    chance = random.Random(count)  # noqa: S311 - names, not secrets
    for _ in range(count):
        yield _name(chance, COMMON["first"]), _name(chance, COMMON["last"])


def document(number: int, first_name: str, last_name: str) -> dict[str, Any]:
    """Return a person's document, as search-projector writes it."""
    return {
        "id": f"{number >> 16:08x}-{number & 0xFFFF:04x}-7000-8b2e-{number:012x}",
        "version": 1,
        "first_name": first_name,
        "last_name": last_name,
        **folding.searchable(first_name, last_name),
        "created_at": "2026-11-24T01:02:03.123456Z",
    }


def terms(named: Sequence[tuple[str, str]]) -> list[str]:
    """Return what callers search for: words, prefixes, typing errors, full names; as many each."""
    kinds = (str, lambda word: word[:3], _mistyped)
    found = []
    for number, names in enumerate(named):
        word, kind = names[number % 2].lower(), number % 4
        found.append(" ".join(names).lower() if kind == len(kinds) else kinds[kind](word))
    return found


def _mistyped(word: str) -> str:
    middle = len(word) // 2
    return word[:middle] + word[middle + 1 :]


def _name(chance: random.Random, common: dict[str, float]) -> str:
    left = chance.random() * 100
    for name, share in common.items():
        left -= share
        if left < 0:
            return name
    begin, middle, end = chance.choices(list(common), k=3)
    return begin[:3] + middle[1:3] + end[-3:]
