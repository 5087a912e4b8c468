"""An event is read completely, or rejected with the reason."""

from typing import Any

import pytest

from user_contracts.user_event import read

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
def test_names_survive(event_type: str) -> None:
    assert read(CREATED | {"type": event_type}).fields == ("Zoë", "李小龍")


def test_a_deletion_has_no_names_even_if_the_record_had() -> None:
    assert read(CREATED | {"type": "UserDeleted", "version": 3}).fields is None


def test_a_time_with_its_zeros_cut_is_read() -> None:
    assert read(CREATED).occurred_at.isoformat() == "2026-11-24T01:02:03.500000+00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "UserPromoted"},
        {"type": ""},
        {"version": 0},
        {"version": -1},
        {"user_id": "users:1:*"},
        {"user_id": "offset-0"},
        {"user_id": ""},
        {"first_name": None},
        {"last_name": ""},
        {"created_at": "yesterday"},
        {"occurred_at": ""},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"occurred_at": "9999-12-31T23:59:59-10:00"},
    ],
    ids=str,
)
def test_invalid_event_is_rejected_with_the_reason(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read(CREATED | wrong)
