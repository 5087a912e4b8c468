"""The in-memory doubles as subjects of the suites."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from projections.conformance.changes import C, Changes, RedisChanges
from projections.conformance.generations import GenerationsUnderTest
from projections.conformance.reader import ReaderUnderTest
from projections.conformance.text_index import TextIndexUnderTest, stored
from projections.conformance.views import ViewsUnderTest
from projections.memory import views as doubles
from projections.memory.generations import MemoryGenerations
from projections.memory.reader import MemoryReader
from projections.memory.text_index import MemoryTextIndex
from projections.memory.views import MemoryViews
from projections.opensearch.change import DocumentChange
from projections.redis.change import RedisChange

V = TypeVar("V")


def hashes() -> ViewsUnderTest[RedisChange]:
    """A view as in Redis."""
    return _views(doubles.hashes(), RedisChanges())


def documents(changes: Changes[DocumentChange]) -> ViewsUnderTest[DocumentChange]:
    """A view as in OpenSearch."""
    return _views(doubles.documents(), changes)


def generations_of_hashes() -> GenerationsUnderTest[RedisChange]:
    """The generations of a view as in Redis."""
    return GenerationsUnderTest(MemoryGenerations(doubles.hashes), RedisChanges())


def generations_of_documents(
    changes: Changes[DocumentChange],
) -> GenerationsUnderTest[DocumentChange]:
    """The generations of a view as in OpenSearch."""
    return GenerationsUnderTest(MemoryGenerations(doubles.documents), changes)


def reader() -> ReaderUnderTest:
    """The reader of a view as in Redis."""
    stored: dict[str, Mapping[str, bytes]] = {}

    async def put(key: str, fields: Mapping[str, bytes] | None) -> None:
        if fields is None:
            stored.pop(key)
        else:
            stored[key] = fields

    return ReaderUnderTest(MemoryReader(stored), put)


def text_index(given: Mapping[str, Any], texts: Sequence[str]) -> TextIndexUnderTest:
    """An index of documents with these fields, of which `texts` are searched."""
    documents: dict[str, dict[str, Any]] = {}

    async def put(*found: dict[str, Any]) -> None:
        documents.update({document["id"]: stored(document, texts) for document in found})

    return TextIndexUnderTest(MemoryTextIndex(documents), put, given, texts)


def _views(views: MemoryViews[C, V], changes: Changes[C]) -> ViewsUnderTest[C]:
    async def held(key: str) -> V | None:
        return views.held.get(key)

    async def lose_everything() -> None:
        views.lose_everything()

    return ViewsUnderTest(views, changes, held, lose_everything)
