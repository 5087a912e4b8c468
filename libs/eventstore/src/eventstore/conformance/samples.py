"""What the suites need to make events, whatever kind of aggregate they are of."""

from datetime import UTC, datetime
from typing import Any, Protocol

from eventstore.ids import uuid7
from eventstore.ports import CommandContext

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
NO_KEY = CommandContext()


class Samples(Protocol):
    """Events of one kind of aggregate, all at NOON, with new ids each time; a module will do."""

    DELETION: str
    """The type of the last event."""

    def created(self, text: str = ..., /) -> Any:
        """The first event of a new aggregate; text: up to 100 characters, in one of its fields."""

    def after(self, event: Any, text: str = ..., /) -> Any:
        """The event after another one, with another text."""

    def deleted(self, event: Any, /) -> Any:
        """The last event, after another one."""

    def id_of(self, event: Any, /) -> str:
        """The id of the event's aggregate."""


def keyed() -> CommandContext:
    """A request with a new idempotency key."""
    return CommandContext(uuid7(NOON), "0" * 64)
