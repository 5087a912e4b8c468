"""The change of an OpenSearch view that an event causes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """The document after an event; for a deleted aggregate a marker with `deleted`."""

    key: str
    version: int
    occurred_at: datetime
    document: dict[str, Any]
