"""Reader of a view in memory, for tests and the demo; it passes the conformance suite."""

from collections.abc import Mapping

from projections.reader import StoredView


class MemoryReader:
    """Implements projections.reader.ViewReader over hashes of Redis's shape.

    key → {version, json, proto}, or {version} if deleted, such as MemoryViews.held.
    """

    def __init__(self, hashes: Mapping[str, Mapping[str, bytes]]) -> None:
        self._hashes = hashes

    async def get(self, key: str) -> StoredView | None:
        found = self._hashes.get(key)
        return None if found is None else _view(found)

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, StoredView]]:
        living = [
            (key, _view(self._hashes[key]))
            for key in sorted(self._hashes, reverse=True)
            if (before is None or key < before) and "json" in self._hashes[key]
        ]
        return living[:limit]


def _view(found: Mapping[str, bytes]) -> StoredView:
    return StoredView(int(found["version"]), found.get("json"), found.get("proto"))
