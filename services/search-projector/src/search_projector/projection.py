"""Projection: a pure function from an event to a change of the index."""

from typing import Any

from chassis.text import folding
from projections.opensearch.projection import projection
from user_contracts import user_event


def content(first_name: str, last_name: str) -> dict[str, Any]:
    """The fields of a user in its document, and the words that search uses."""
    return {
        "first_name": first_name,
        "last_name": last_name,
        **folding.searchable(first_name, last_name),
    }


project = projection(user_event.read, content)
