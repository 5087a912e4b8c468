"""Equal searches at the same moment are one search of the index."""

import asyncio
from dataclasses import dataclass, field

from chassis.testing import eventually
from projections.reader import ScoredDocument
from projections.shared_searches import SharedTextIndex


@dataclass
class Gated:
    """An index that records its searches, which end when the gate opens."""

    requests: list[tuple[str, tuple[float, str] | None, int]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def search(
        self, text: str, after: tuple[float, str] | None, limit: int
    ) -> list[ScoredDocument]:
        self.requests.append((text, after, limit))
        number = len(self.requests)
        await self.gate.wait()
        return [ScoredDocument(number, {"id": text})]

    async def has(self, count: int) -> None:
        async def begun() -> None:
            assert len(self.requests) == count

        await eventually(begun)


async def test_equal_searches_share_the_next_one() -> None:
    index = Gated()
    shared = SharedTextIndex(index)
    first = asyncio.create_task(shared.search("Maria", None, 11))
    await index.has(1)
    later = [asyncio.create_task(shared.search(text, None, 11)) for text in ("María", "María")]
    await asyncio.sleep(0)
    index.gate.set()
    assert await first == [ScoredDocument(1, {"id": "Maria"})]
    assert await asyncio.gather(*later) == [[ScoredDocument(2, {"id": "María"})]] * 2
    assert index.requests == [("Maria", None, 11), ("María", None, 11)]


async def test_text_reaches_the_index_as_it_is() -> None:
    index = Gated()
    index.gate.set()
    await SharedTextIndex(index).search("Σεφέρης", None, 11)
    assert index.requests == [("Σεφέρης", None, 11)]


async def test_another_text_position_or_size_is_another_search() -> None:
    index = Gated()
    shared = SharedTextIndex(index)
    pages = [("maria", None, 11), ("maria k", None, 11), ("maria", (8000.0, "a"), 11)]
    pages.append(("maria", None, 12))
    tasks = [asyncio.create_task(shared.search(*page)) for page in pages]
    await index.has(4)
    index.gate.set()
    await asyncio.gather(*tasks)
    assert index.requests == pages
