"""The change of a Redis view that an event causes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RedisChange:
    """The response bytes after an event; None: the aggregate is deleted."""

    key: str
    version: int
    occurred_at: datetime
    json: bytes | None
    proto: bytes | None
