"""An event as a projector reads it, with checks that the Avro schema cannot express."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserEvent:
    """A decoded event of a user; the times are UTC."""

    user_id: str
    version: int
    occurred_at: datetime
    created_at: datetime
    names: tuple[str, str] | None
    """First and last name after the event; None: the user is deleted."""


def read(record: Mapping[str, Any]) -> UserEvent:
    """Return the event in a decoded record.

    Raises ValueError for an invalid one: an unknown type, no name, no UUID, no time, a version
    below 1.
    """
    if record["version"] < 1:
        raise ValueError(f"version {record['version']}")
    return UserEvent(
        user_id=str(UUID(record["user_id"])),
        version=record["version"],
        occurred_at=_utc(record["occurred_at"]),
        created_at=_utc(record["created_at"]),
        names=_names(record),
    )


def _names(record: Mapping[str, Any]) -> tuple[str, str] | None:
    match record:
        case {"type": "UserDeleted"}:
            return None
        case {"type": "UserCreated" | "UserRenamed"}:
            names: tuple[Any, Any] = record.get("first_name"), record.get("last_name")
            if None in names or "" in names:
                raise ValueError("a name is missing")
            return names
        case _:
            raise ValueError(f"unknown event type {record['type']!r}")


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # in the years 1 and 9999
        raise ValueError(f"a time out of range: {text}") from error
