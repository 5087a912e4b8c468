"""Searches documents in memory: for tests and the demo, kept honest by the contract suite."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from search_api.ports import Hit, User

TYPO_LENGTH = 4  # letters from which one may be wrong
TYPO_RATIO = 0.8  # one wrong letter in five


class MemoryUserIndex:
    """`documents` are as in OpenSearch, by id."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._documents = documents

    async def search(self, text: str, after: tuple[float, str] | None, limit: int) -> list[Hit]:
        hits = [
            Hit(score, _user(document))
            for document in self._documents.values()
            if not document.get("deleted") and (score := _score(text, document))
        ]
        hits.sort(key=_place)
        return [hit for hit in hits if after is None or _place(hit) > (-after[0], after[1])][:limit]


def _place(hit: Hit) -> tuple[float, str]:
    return -hit.score, hit.user.id


def _score(text: str, document: Mapping[str, Any]) -> float:
    """The worst of the words' best matches; 0: a word matches nothing."""
    names = _words(f"{document['first_name']} {document['last_name']}")
    wanted = _words(text)
    if not wanted:
        return 0
    return min(max(_match(word, name) for name in names) for word in wanted)


def _match(word: str, name: str) -> float:
    if word == name:
        return 8
    if name.startswith(word):
        return 4
    if len(word) > 1 and word in name:
        return 2
    is_near = word[0] == name[0] and SequenceMatcher(None, word, name).ratio() >= TYPO_RATIO
    return 1 if len(word) >= TYPO_LENGTH and is_near else 0


def _words(text: str) -> list[str]:
    """Folded words as OpenSearch's analyser makes them; one for each ideograph and each emoji."""
    bare = re.sub(r"['’ʼ`´]", "", text)
    folded = "".join(
        character
        for character in unicodedata.normalize("NFKD", bare.casefold())
        if unicodedata.category(character) != "Mn"
    )
    return re.findall(r"[\u2e80-\u9fff]|[^\W_\u2e80-\u9fff]+|[\U0001f300-\U0001faff]", folded)


def _user(document: Mapping[str, Any]) -> User:
    return User(
        document["id"],
        document["first_name"],
        document["last_name"],
        datetime.fromisoformat(document["created_at"]),
        document["version"],
    )
