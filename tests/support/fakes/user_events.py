"""A user's events for tests of event stores (eventstore.conformance.samples.Samples)."""

from dataclasses import replace

from command_api.user import UserEvent
from eventstore.conformance.samples import NOON
from eventstore.ids import uuid7

DELETION = "UserDeleted"


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


def id_of(event: UserEvent) -> str:
    return event.user_id
