"""The projection maps an event to a document, or reports why it is invalid."""

from typing import Any

import pytest

from projections.ports import Undecodable
from search_projector.projection import project

ID = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"
CREATED: dict[str, Any] = {
    "user_id": ID,
    "version": 1,
    "event_id": "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a12",
    "type": "UserCreated",
    "first_name": "Zoë",
    "last_name": "李小龍",
    "created_at": "2026-11-24T01:02:03.123456Z",
    "occurred_at": "2026-11-24T01:02:03.5Z",
    "traceparent": None,
}


@pytest.mark.parametrize("event_type", ["UserCreated", "UserRenamed"])
def test_an_event_becomes_a_document(event_type: str) -> None:
    change = project(CREATED | {"type": event_type})
    assert (change.key, change.version) == (ID, 1)
    assert change.document == {
        "id": ID,
        "version": 1,
        "first_name": "Zoë",
        "last_name": "李小龍",
        "words": "zoe 李小龍",
        "joined": ["zoe", "李小龍", "zoe李小龍", "李小龍zoe"],
        "created_at": "2026-11-24T01:02:03.123456Z",
    }


def test_a_deletion_becomes_a_marker_without_names() -> None:
    names = {"first_name": None, "last_name": None}
    change = project(CREATED | names | {"type": "UserDeleted", "version": 3})
    assert change.document == {"id": ID, "version": 3, "deleted": True}


def test_invalid_event_is_undecodable_with_a_reason() -> None:
    with pytest.raises(Undecodable, match="UserPromoted"):
        project(CREATED | {"type": "UserPromoted"})
