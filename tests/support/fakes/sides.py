"""The two projections over their memory stores, and their contents in one form."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from projections.memory.dead_letters import MemoryDeadLetters
from projections.memory.views import Documents, Hashes, documents, hashes
from projections.ports import Projection
from tests.support.fakes.projectors import Process

View = dict[str, tuple[int, Any]]


def redis_side() -> tuple[Hashes, Callable[[], View]]:
    store = hashes()

    def held() -> View:
        bodies = {key: json.loads(one.get("json", b"{}")) for key, one in store.held.items()}
        return {key: (int(store.held[key]["version"]), body) for key, body in bodies.items()}

    return store, held


def search_side() -> tuple[Documents, Callable[[], View]]:
    store = documents()
    return store, lambda: {k: (d["version"], d) for k, d in store.held.items()}


@dataclass
class Side:
    """A projection: its store, its process, and former owners that have not noticed (zombies)."""

    store: Any
    held: Callable[[], View]
    project: Projection[Any, Any]
    dead_letters: MemoryDeadLetters = field(default_factory=MemoryDeadLetters)
    seen: dict[str, int] = field(default_factory=dict)
    zombies: list[Process] = field(default_factory=list)
    held_at_loss: Process | None = None

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.process = Process(self.project, self.store, self.dead_letters)

    def crash(self) -> None:
        """End the process at this point, and start another one."""
        self.process.crash()
        self.start()

    def fall_asleep(self) -> None:
        """Let another process take over; this one may resume at any time."""
        if self.process is self.held_at_loss:
            self.process.crash()
        else:
            self.zombies.append(self.process)
        self.start()

    def lose_everything(self) -> None:
        """Lose the data; end zombies that hold a batch: docs/architecture.md, "Not guaranteed"."""
        for zombie in [zombie for zombie in self.zombies if zombie.has_batch]:
            self.zombies.remove(zombie)
            zombie.crash()
        self.held_at_loss = self.process if self.process.has_batch else None
        self.store.lose_everything()
        self.seen.clear()
