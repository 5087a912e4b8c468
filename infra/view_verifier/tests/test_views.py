"""A row of the event table is projected like a record of the topic."""

from datetime import UTC, datetime

import pytest

from view_verifier.views import VIEWS

ROW = {
    "user_id": "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11",
    "version": 1,
    "event_id": "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a12",
    "type": "UserCreated",
    "first_name": "Zoë",
    "last_name": "李小龍",
    "created_at": "2026-11-24 01:02:03.123456",
    "occurred_at": "2026-11-24 01:02:03.500000",
    "traceparent": None,
}
RECORD = ROW | {
    "created_at": "2026-11-24T01:02:03.123456Z",
    "occurred_at": "2026-11-24T01:02:03.5Z",
}


@pytest.mark.parametrize("name", ["redis-projector", "search-projector"])
def test_row_makes_the_change_that_its_record_makes(name: str) -> None:
    view = VIEWS[name]
    assert set(ROW) == set(view.table.columns())
    assert view.project(ROW) == view.project(RECORD)
    assert view.project(ROW).occurred_at == datetime(2026, 11, 24, 1, 2, 3, 500000, UTC)
