"""Reads a view in memory: for tests and the demo, kept honest by the contract suite."""

from collections.abc import Mapping

from query_api.ports import View


class MemoryUserViews:
    """`users` has the shape of Redis's hashes: id → {version, json, proto}; a marker: {version}."""

    def __init__(self, users: Mapping[str, Mapping[str, bytes]]) -> None:
        self._users = users

    async def get(self, user_id: str) -> View | None:
        found = self._users.get(user_id)
        return None if found is None else _view(found)

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, View]]:
        ids = sorted(self._users, reverse=True)
        living = [
            (user_id, _view(self._users[user_id]))
            for user_id in ids
            if (before is None or user_id < before) and "json" in self._users[user_id]
        ]
        return living[:limit]


def _view(found: Mapping[str, bytes]) -> View:
    return View(int(found["version"]), found.get("json"), found.get("proto"))
