"""Users known to the writers."""

import random

from tests.chaos.verdict.ledger import Entry

HOT = 10  # users that receive half of the renames


class Population:
    """Users known to the writers, and the newest acknowledged version of each."""

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.last_names: dict[str, str] = {}
        self.doomed: set[str] = set()
        """Users whose deletion was requested."""
        self._alive: list[str] = []

    def learn(self, entry: Entry) -> None:
        user = entry.user or ""
        if entry.request.command == "create":
            self._alive.append(user)
            self.last_names[user] = entry.request.last_name or ""
        self.versions[user] = max(entry.version, self.versions.get(user, 0))

    def pick(self, chance: random.Random) -> str | None:
        """Return a user whose deletion was not requested."""
        end = min(HOT, len(self._alive)) if chance.random() < 0.5 else len(self._alive)
        return self._alive[chance.randrange(end)] if end else None

    def doom(self, chance: random.Random) -> str | None:
        if len(self._alive) <= HOT:
            return None
        user = self._alive.pop(chance.randrange(HOT, len(self._alive)))
        self.doomed.add(user)
        return user
