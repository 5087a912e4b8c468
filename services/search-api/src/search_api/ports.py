"""Ports of search-api: the user index."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class User:
    """A user as the index holds it; created_at is UTC."""

    id: str
    first_name: str
    last_name: str
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A matching user, and its score: higher is better."""

    score: float
    user: User


class UserIndex(Protocol):
    """Searches users. Raises Unavailable when the index does not respond."""

    async def search(self, text: str, after: tuple[float, str] | None, limit: int) -> list[Hit]:
        """Return at most limit hits after (score, id) `after`, best first, ties by id."""
