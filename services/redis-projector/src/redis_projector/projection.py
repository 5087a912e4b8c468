"""From an event to a change of the view. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.projection import Undecodable
from user_contracts.proto.user.v1 import User


class Answer(msgspec.Struct):
    """A user as the HTTP API tells it."""

    id: str
    first_name: str
    last_name: str
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class UserChange:
    """What the view holds after an event: the answers' bytes; None: the user is deleted."""

    key: str
    version: int
    occurred_at: datetime
    json: bytes | None
    proto: bytes | None


def project(event: Mapping[str, Any]) -> UserChange:
    """The change that an event (schemas/avro/user_event.avsc) makes.

    Raises Undecodable for an event that cannot be: an unknown type, no name, no UUID, no time.
    """
    try:
        user_id, version = str(UUID(event["user_id"])), _positive(event["version"])
        occurred_at = _utc(event["occurred_at"])
        if event["type"] == "UserDeleted":
            return UserChange(user_id, version, occurred_at, None, None)
        if event["type"] not in {"UserCreated", "UserRenamed"}:
            raise Undecodable(f"no event has the type {event['type']!r}")
        answer = Answer(
            user_id,
            _name(event["first_name"]),
            _name(event["last_name"]),
            _utc(event["created_at"]),
            version,
        )
    except ValueError as error:
        raise Undecodable(f"not a possible event: {error}") from error
    return UserChange(user_id, version, occurred_at, msgspec.json.encode(answer), _proto(answer))


def _proto(answer: Answer) -> bytes:
    return bytes(
        User(
            id=answer.id,
            first_name=answer.first_name,
            last_name=answer.last_name,
            created_at=answer.created_at,
            version=answer.version,
        )
    )


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
