"""The changes that suites apply, of any kind of view."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from projections.opensearch.change import DocumentChange
from projections.ports import Change
from projections.redis.change import RedisChange

C = TypeVar("C", bound=Change)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANN = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"
BOB = "0192f5a9-0000-7a10-8b2e-2f6d1c9e0a11"
LOG = "a log"


class Changes(Protocol[C]):
    """What events do to a view of this kind."""

    def put(self, key: str, version: int, text: str = "Ann") -> C:
        """A change that leaves a living aggregate, whose content shows the version and the text."""

    def erase(self, key: str, version: int) -> C:
        """A change that leaves a deleted aggregate."""

    def content(self, change: C) -> object:
        """What a view holds after the change, as the page of its contract lays it out."""


class RedisChanges:
    """Implements Changes for views in Redis."""

    def put(self, key: str, version: int, text: str = "Ann") -> RedisChange:
        json = f'{{"v":{version},"text":"{text}"}}'.encode()
        return RedisChange(key, version, NOW, json, b"\x28" + bytes([version]) + text.encode())

    def erase(self, key: str, version: int) -> RedisChange:
        return RedisChange(key, version, NOW, None, None)

    def content(self, change: RedisChange) -> dict[str, bytes]:
        version = str(change.version).encode()
        if change.json is None or change.proto is None:
            return {"version": version}
        return {"version": version, "json": change.json, "proto": change.proto}


@dataclass(frozen=True)
class DocumentChanges:
    """Implements Changes for indexes in OpenSearch, whose definition decides about the fields."""

    given: dict[str, Any]
    """What a document has besides id, version, and the text."""
    text: str
    """The field that holds the text."""

    def put(self, key: str, version: int, text: str = "Ann") -> DocumentChange:
        document = {"id": key, "version": version, **self.given, self.text: text}
        return DocumentChange(key, version, NOW, document)

    def erase(self, key: str, version: int) -> DocumentChange:
        return DocumentChange(key, version, NOW, {"id": key, "version": version, "deleted": True})

    def content(self, change: DocumentChange) -> dict[str, Any]:
        return change.document
