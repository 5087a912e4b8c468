"""Factory of sample events for the suites, for any kind of aggregate."""

from datetime import UTC, datetime
from typing import Any, Protocol

from eventstore.ids import uuid7
from eventstore.ports import CommandContext

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
NO_KEY = CommandContext()


class Samples(Protocol):
    """Factory of events of one aggregate, all at NOON, with new ids; a module can implement it."""

    DELETION: str
    """The type of the last event."""

    def created(self, text: str = ..., /) -> Any:
        """Return the first event of a new aggregate; text: up to 100 characters, in a field."""

    def after(self, event: Any, text: str = ..., /) -> Any:
        """Return the event after another one, with another text."""

    def deleted(self, event: Any, /) -> Any:
        """Return the last event, after another one."""

    def id_of(self, event: Any, /) -> str:
        """Return the id of the event's aggregate."""


def keyed() -> CommandContext:
    """Return the context of a request with a new idempotency key."""
    return CommandContext(uuid7(NOON), "0" * 64)
