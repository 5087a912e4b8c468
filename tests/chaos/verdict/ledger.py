"""Requests and responses, recorded by a client outside of the system.

A request is on disk before it is sent, so that everything stored can be traced to a line.
"""

import asyncio
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Command = Literal["create", "rename", "delete"]
Outcome = Literal["unknown", "acknowledged", "rejected"]


@dataclass(frozen=True, slots=True)
class Request:
    """A command; its key is also the first name that it writes, so that every row names it."""

    key: str
    command: Command
    user: str | None = None
    """None: a create."""
    expected: int | None = None
    last_name: str | None = None
    """Of a create."""


@dataclass(slots=True)
class Entry:
    """A request and its outcome; `user`, `version`, `created_at` as acknowledged."""

    request: Request
    outcome: Outcome = "unknown"
    code: str = ""
    user: str | None = None
    version: int = 0
    created_at: str = ""
    was_unknown: bool = False
    """An attempt ended without a response; the same key was then sent again."""

    @property
    def is_acknowledged(self) -> bool:
        return self.outcome == "acknowledged"


class Ledger:
    """Lines in a file; concurrent ones share an fsync."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.open("w")
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self.run = f"{file.stem}-{secrets.token_hex(3)}"
        """Prefix of this ledger's keys only: not even runs with the same seed share it."""
        self.entries: list[Entry] = []

    async def sent(self, request: Request) -> Entry:
        """Return the request's entry, once its line is on disk."""
        await self._write({"sent": asdict(request)})
        self.entries.append(entry := Entry(request))
        return entry

    async def settled(self, entry: Entry) -> None:
        """Record the outcome of a request."""
        known = {name: getattr(entry, name) for name in ("outcome", "code", "user", "version")}
        await self._write({"key": entry.request.key} | known)

    def acknowledged(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.is_acknowledged)

    def close(self) -> None:
        self._file.close()

    async def _write(self, line: dict[str, object]) -> None:
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((json.dumps(line | {"at": time.time()}), written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._flush())
        await asyncio.shield(written)

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            self._file.writelines(line + "\n" for line, _ in batch)
            self._file.flush()
            await asyncio.to_thread(os.fsync, self._file.fileno())
            for _, written in batch:
                written.set_result(None)
