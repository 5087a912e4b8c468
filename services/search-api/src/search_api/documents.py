"""A document of the index → a hit; documents: schemas/views/opensearch-users.md."""

from datetime import datetime

from projections.reader import ScoredDocument
from search_api.ports import Hit, User


def hit(found: ScoredDocument) -> Hit:
    """Return the user in a document, with its score."""
    document = found.document
    user = User(
        document["id"],
        document["first_name"],
        document["last_name"],
        datetime.fromisoformat(document["created_at"]),
        document["version"],
    )
    return Hit(found.score, user)
