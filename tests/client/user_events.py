"""A user's events for tests of event stores: ids are new each time, all at one moment."""

from dataclasses import replace
from datetime import UTC, datetime

from command_api.ports import Request
from command_api.user import UserEvent
from command_api.wiring import uuid7

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
NO_KEY = Request()


def created(first_name: str = "Ann") -> UserEvent:
    user_id, event_id = uuid7(NOON), uuid7(NOON)
    return UserEvent(user_id, 1, event_id, "UserCreated", first_name, "Lee", NOON, NOON)


def after(event: UserEvent, first_name: str = "Anna") -> UserEvent:
    event_id = uuid7(NOON)
    return replace(
        event,
        version=event.version + 1,
        event_id=event_id,
        type="UserRenamed",
        first_name=first_name,
    )


def deleted(event: UserEvent) -> UserEvent:
    return replace(after(event), type="UserDeleted", first_name=None, last_name=None)


def keyed() -> Request:
    return Request(uuid7(NOON), "0" * 64)
