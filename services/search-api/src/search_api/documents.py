"""A user as the search view holds it; documents: schemas/views/opensearch-users.md."""

from datetime import datetime

import msgspec


class User(msgspec.Struct):
    """A user that is found; created_at is UTC."""

    id: str
    first_name: str
    last_name: str
    created_at: datetime
    version: int
