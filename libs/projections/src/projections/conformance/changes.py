"""Changes for the suites, for any kind of view."""

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
    """Factory of changes of one kind of view."""

    def put(self, key: str, version: int, text: str = "Ann") -> C:
        """Return a change after which the aggregate exists, with the version and the text."""

    def erase(self, key: str, version: int) -> C:
        """Return a change after which the aggregate is deleted."""

    def content(self, change: C) -> object:
        """Return what a view holds after the change, in the layout of its contract."""


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
    """Implements Changes for indexes in OpenSearch, whose definition determines the fields."""

    given: dict[str, Any]
    """Fields of a document besides id, version, and the text."""
    text: str
    """The field that holds the text."""

    def put(self, key: str, version: int, text: str = "Ann") -> DocumentChange:
        document = {"id": key, "version": version, **self.given, self.text: text}
        return DocumentChange(key, version, NOW, document)

    def erase(self, key: str, version: int) -> DocumentChange:
        return DocumentChange(key, version, NOW, {"id": key, "version": version, "deleted": True})

    def content(self, change: DocumentChange) -> dict[str, Any]:
        return change.document
