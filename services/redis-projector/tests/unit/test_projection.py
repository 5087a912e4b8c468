"""The projection maps an event to the APIs' responses, or reports why it is invalid."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.ports import Undecodable
from redis_projector.projection import message, project
from user_contracts.proto.user.v1 import User

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
DELETED = CREATED | {"type": "UserDeleted", "version": 3, "first_name": None, "last_name": None}


@pytest.mark.parametrize("event_type", ["UserCreated", "UserRenamed"])
def test_event_becomes_the_responses_of_both_apis(event_type: str) -> None:
    change = project(CREATED | {"type": event_type})
    assert change.json is not None
    assert change.proto is not None
    body = json.loads(change.json)
    assert body == {
        "id": ID,
        "first_name": "Zoë",
        "last_name": "李小龍",
        "created_at": "2026-11-24T01:02:03.123456Z",
        "version": 1,
    }
    user = User().parse(change.proto)
    assert (user.id, user.first_name, user.last_name) == (ID, "Zoë", "李小龍")
    assert user.created_at.isoformat() == "2026-11-24T01:02:03.123456+00:00"
    assert user.version == 1


@given(
    # betterproto leaves out a time that is the epoch, as if none had been given.
    created=st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001 - naive bounds
    version=st.integers(1, 2**32 - 1),
    name=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_both_protobuf_libraries_write_the_same_bytes(
    created: datetime, version: int, name: str
) -> None:
    fields: dict[str, Any] = {"id": ID, "first_name": name, "last_name": "x", "version": version}
    ours = message(created_at=created, **fields)
    assert ours == bytes(User(created_at=created, **fields))


def test_deletion_leaves_no_response() -> None:
    change = project(DELETED)
    assert (change.key, change.version, change.json, change.proto) == (ID, 3, None, None)


def test_invalid_event_is_undecodable_with_a_reason() -> None:
    with pytest.raises(Undecodable, match="UserPromoted"):
        project(CREATED | {"type": "UserPromoted"})
