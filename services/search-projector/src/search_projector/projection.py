"""From an event to a change of the index. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.projection import Undecodable


@dataclass(frozen=True, slots=True)
class UserChange:
    """The document that the index holds after an event; of a deleted user: a marker, no names."""

    key: str
    version: int
    occurred_at: datetime
    document: dict[str, Any]


def project(event: Mapping[str, Any]) -> UserChange:
    """The change that an event (schemas/avro/user_event.avsc) makes.

    Raises Undecodable for an event that cannot be: an unknown type, no name, no UUID, no time.
    """
    try:
        user_id, version = str(UUID(event["user_id"])), _positive(event["version"])
        occurred_at = _utc(event["occurred_at"])
        return UserChange(user_id, version, occurred_at, _document(user_id, version, event))
    except ValueError as error:
        raise Undecodable(f"not a possible event: {error}") from error


def _document(user_id: str, version: int, event: Mapping[str, Any]) -> dict[str, Any]:
    if event["type"] == "UserDeleted":
        return {"id": user_id, "version": version, "deleted": True}
    if event["type"] not in {"UserCreated", "UserRenamed"}:
        raise ValueError(f"type {event['type']!r}")
    return {
        "id": user_id,
        "version": version,
        "first_name": _name(event["first_name"]),
        "last_name": _name(event["last_name"]),
        "created_at": _utc(event["created_at"]).isoformat().replace("+00:00", "Z"),
    }


def _positive(version: int) -> int:
    if version < 1:
        raise ValueError(f"version {version}")
    return version


def _name(name: str | None) -> str:
    if not name:
        raise ValueError("no name")
    return name


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
