"""Projection: a pure function from an event to a change of the index."""

from collections.abc import Mapping
from typing import Any

from chassis.text import folding
from projections.opensearch.change import DocumentChange
from projections.ports import Undecodable
from user_contracts import user_event
from user_contracts.user_event import UserEvent


def project(record: Mapping[str, Any]) -> DocumentChange:
    """Return the change for a record of the topic; raises Undecodable for an invalid event."""
    try:
        event = user_event.read(record)
    except ValueError as error:
        raise Undecodable(f"invalid event: {error}") from error
    return DocumentChange(event.user_id, event.version, event.occurred_at, _document(event))


def _document(event: UserEvent) -> dict[str, Any]:
    if event.names is None:
        return {"id": event.user_id, "version": event.version, "deleted": True}
    first_name, last_name = event.names
    return {
        "id": event.user_id,
        "version": event.version,
        "first_name": first_name,
        "last_name": last_name,
        **folding.searchable(first_name, last_name),
        "created_at": event.created_at.isoformat().replace("+00:00", "Z"),
    }
