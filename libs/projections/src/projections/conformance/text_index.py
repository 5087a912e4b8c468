"""What every index that can be searched by text promises; see projections.searches.TextIndex."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from chassis.text import folding
from projections.searches import TextIndex


@dataclass(frozen=True)
class TextIndexUnderTest:
    """An empty index, and a function that stores documents with their searched words."""

    index: TextIndex
    put: Callable[..., Awaitable[None]]
    given: Mapping[str, Any]
    """What a document has besides id, version and created_at."""
    texts: Sequence[str]
    """The fields that are searched."""

    def document(self, number: int, **given: str) -> dict[str, Any]:
        """Return a document, without its searched words."""
        return {
            "id": f"0192f5a8-4d3c-7a10-8b2e-{number:012x}",
            "version": number,
            **self.given,
            **given,
            "created_at": "2026-11-24T01:02:03.123456Z",
        }

    async def found(self, text: str) -> list[str]:
        """The ids of the documents that match."""
        return [hit.document["id"] for hit in await self.index.search(text, None, 10)]


def stored(document: dict[str, Any], texts: Sequence[str]) -> dict[str, Any]:
    """The document as a projection makes it."""
    if document.get("deleted"):
        return document
    return document | folding.searchable(*(document[text] for text in texts))


async def test_a_document_is_found_as_it_was_written(subject: TextIndexUnderTest) -> None:
    one = subject.document(1, **{subject.texts[0]: "Žižek"})
    await subject.put(one)
    (hit,) = await subject.index.search("zizek", None, 10)
    assert hit.document == stored(one, subject.texts)


@pytest.mark.parametrize("text", ["zizek", "ŽIŽ", "ize", "zizec"])
async def test_every_text_is_searched(subject: TextIndexUnderTest, text: str) -> None:
    ids = []
    for number, field in enumerate(subject.texts, 1):
        one = subject.document(number, **{field: "Žižek"})
        await subject.put(one)
        ids.append(one["id"])
    await subject.put(subject.document(100), subject.document(101))
    assert sorted(await subject.found(text)) == ids


async def test_a_deleted_aggregate_is_not_found(subject: TextIndexUnderTest) -> None:
    one = subject.document(1, **{subject.texts[0]: "Žižek"})
    await subject.put(one)
    await subject.put({"id": one["id"], "version": 2, "deleted": True})
    assert await subject.found("zizek") == []


async def test_pages_follow_each_other_without_gap_or_repeat(subject: TextIndexUnderTest) -> None:
    documents = [subject.document(n, **{subject.texts[0]: "Žižek"}) for n in range(1, 8)]
    await subject.put(*documents)
    seen, after = [], None
    while hits := await subject.index.search("zizek", after, 3):
        seen += [hit.document["id"] for hit in hits]
        after = (hits[-1].score, hits[-1].document["id"])
    assert seen == [one["id"] for one in documents]
