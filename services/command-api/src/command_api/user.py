"""The rules. Pure: no clock, no I/O, no vendor API.

Each event carries the user's whole resulting state, so the newest event is the state.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from chassis.problems import FieldError, Invalid, NotFound
from chassis.text.rules import mistake_in, normalized
from eventstore.ids import NewId

# Characters (code points) of a normalized name, as MySQL's VARCHAR counts them.
LONGEST = {"first_name": 100, "last_name": 100}

EventType = Literal["UserCreated", "UserRenamed", "UserDeleted"]


@dataclass(frozen=True, slots=True)
class CreateUser:
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class RenameUser:
    """New names, at least one of them; None: unchanged."""

    user_id: str
    first_name: str | None
    last_name: str | None
    expected_version: int | tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class DeleteUser:
    user_id: str
    expected_version: int | tuple[int, ...] | None = None


Command = CreateUser | RenameUser | DeleteUser


@dataclass(frozen=True, slots=True)
class UserEvent:
    """An event of a user, with the user's state after it.

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


def decide(newest: UserEvent | None, command: Command, now: datetime, new_id: NewId) -> UserEvent:
    """Return the event for a command, given the user's newest event.

    A rename that changes nothing returns the newest event.
    Raises Invalid for names that break the rules, NotFound for a user unknown or deleted.
    """
    match command:
        case CreateUser():
            names = _checked(first_name=command.first_name, last_name=command.last_name)
            return UserEvent(
                new_id(now), 1, new_id(now), "UserCreated", created_at=now, occurred_at=now, **names
            )
        case RenameUser():
            names = _checked(first_name=command.first_name, last_name=command.last_name)
            user = _alive(newest, command.user_id)
            renamed = replace(user, **names)
            return user if renamed == user else _next(renamed, "UserRenamed", now, new_id)
        case DeleteUser():
            user = _alive(newest, command.user_id)
            erased = replace(user, first_name=None, last_name=None)
            return _next(erased, "UserDeleted", now, new_id)


def _next(user: UserEvent, type_: EventType, now: datetime, new_id: NewId) -> UserEvent:
    event_id, version = new_id(now), user.version + 1
    return replace(user, version=version, event_id=event_id, type=type_, occurred_at=now)


def _alive(newest: UserEvent | None, user_id: str) -> UserEvent:
    if newest is None or newest.type == "UserDeleted":
        raise NotFound(f"no user has the id {user_id}")
    return newest


def _checked(**given: str | None) -> dict[str, Any]:
    """Return the given names as stored: trimmed, NFC.

    Raises Invalid, with all mistakes at once.
    """
    names = {field: normalized(name) for field, name in given.items() if name is not None}
    if not names:
        raise Invalid("at least one of first_name, last_name is required")
    mistakes = [
        FieldError(field, mistake)
        for field, name in names.items()
        if (mistake := mistake_in(name, LONGEST[field]))
    ]
    if mistakes:
        raise Invalid("; ".join(f"{m.field} {m.detail}" for m in mistakes), mistakes)
    return names
