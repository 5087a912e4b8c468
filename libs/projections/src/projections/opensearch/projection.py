"""From an event to a change of an index in OpenSearch. Pure."""

from collections.abc import Callable
from functools import partial
from typing import Any

from projections.events import Read, StateEvent, decoded
from projections.opensearch.change import DocumentChange
from projections.ports import Projection


def projection(
    read: Read, content: Callable[..., dict[str, Any]]
) -> Projection[StateEvent, DocumentChange]:
    """The projection of an aggregate's records.

    content: makes of the fields what the document holds beside id, version and created_at.
    """

    def change(event: StateEvent) -> DocumentChange:
        document = _document(event, content)
        return DocumentChange(event.key, event.version, event.occurred_at, document)

    return Projection(partial(decoded, read), change)


def _document(event: StateEvent, content: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    if event.fields is None:
        return {"id": event.key, "version": event.version, "deleted": True}
    return {
        "id": event.key,
        "version": event.version,
        **content(*event.fields),
        "created_at": event.created_at.isoformat().replace("+00:00", "Z"),
    }
