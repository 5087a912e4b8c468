"""The rules. Pure: no clock, no await, no vendor.

Each event carries the user's whole resulting state, so the newest event is the state.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.problems import FieldError, Invalid, NotFound

MAX_NAME = 100  # characters (code points) after trimming, as MySQL's VARCHAR(100) counts them
# Control characters, surrogates, unassigned code points, line and paragraph separators. Format
# characters (Cf) stay: joiners are part of emoji and of several scripts.
FORBIDDEN = {"Cc", "Cs", "Cn", "Zl", "Zp"}

EventType = Literal["UserCreated", "UserRenamed", "UserDeleted"]


@dataclass(frozen=True, slots=True)
class CreateUser:
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class RenameUser:
    """A new first name, last name, or both; None: as it is."""

    user_id: str
    first_name: str | None
    last_name: str | None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteUser:
    user_id: str
    expected_version: int | None = None


Command = CreateUser | RenameUser | DeleteUser


@dataclass(frozen=True, slots=True)
class UserEvent:
    """Something that happened to a user, and the user's state after it.

    Times are UTC; the names are None in UserDeleted only.
    """

    user_id: str
    version: int
    event_id: str
    type: EventType
    first_name: str | None
    last_name: str | None
    created_at: datetime
    occurred_at: datetime


NewId = Callable[[datetime], str]
"""A new UUIDv7 (RFC 9562) with the given time in it."""


def decide(newest: UserEvent | None, command: Command, now: datetime, new_id: NewId) -> UserEvent:
    """The event that a command leads to, given the user's newest event.

    A rename that changes nothing gives the newest event again: there is nothing to tell.
    Raises Invalid for names that break the rules, NotFound for a user unknown or deleted.
    """
    match command:
        case CreateUser():
            names = _checked(first_name=command.first_name, last_name=command.last_name)
            first, last = names["first_name"], names["last_name"]
            return UserEvent(new_id(now), 1, new_id(now), "UserCreated", first, last, now, now)
        case RenameUser():
            names = _checked(first_name=command.first_name, last_name=command.last_name)
            user = _alive(newest, command.user_id)
            renamed = (
                names.get("first_name", user.first_name),
                names.get("last_name", user.last_name),
            )
            if renamed == (user.first_name, user.last_name):
                return user
            return _next(user, "UserRenamed", renamed, now, new_id)
        case DeleteUser():
            user = _alive(newest, command.user_id)
            return _next(user, "UserDeleted", (None, None), now, new_id)


def check_user_id(text: str) -> None:
    """Raise Invalid unless text is a UUID in canonical form: lower case, with hyphens."""
    try:
        is_canonical = str(UUID(text)) == text
    except ValueError:
        is_canonical = False
    if not is_canonical:
        detail = "must be a UUID in lower case, such as 0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"
        raise Invalid(f"id {detail}", [FieldError("id", detail)])


def _next(
    user: UserEvent,
    type_: EventType,
    names: tuple[str | None, str | None],
    now: datetime,
    new_id: NewId,
) -> UserEvent:
    first, last = names
    return UserEvent(
        user.user_id, user.version + 1, new_id(now), type_, first, last, user.created_at, now
    )


def _alive(newest: UserEvent | None, user_id: str) -> UserEvent:
    if newest is None or newest.type == "UserDeleted":
        raise NotFound(f"no user has the id {user_id}")
    return newest


def _checked(**given: str | None) -> dict[str, str]:
    """The names that are given, as they are stored: trimmed, NFC.

    Raises Invalid, with all mistakes at once.
    """
    names = {
        field: unicodedata.normalize("NFC", name).strip()
        for field, name in given.items()
        if name is not None
    }
    if not names:
        raise Invalid("give first_name, last_name, or both")
    mistakes = [
        FieldError(field, mistake) for field, name in names.items() if (mistake := _mistake(name))
    ]
    if mistakes:
        raise Invalid("; ".join(f"{m.field} {m.detail}" for m in mistakes), mistakes)
    return names


def _mistake(name: str) -> str | None:
    if not name:
        return "must not be empty"
    if len(name) > MAX_NAME:
        return f"must have at most {MAX_NAME} characters"
    if any(unicodedata.category(character) in FORBIDDEN for character in name):
        return "must not contain control characters"
    return None
