"""Ids and timestamps of new events."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils

from chassis.problems import FieldError, Invalid

NewId = Callable[[datetime], str]
"""A new UUIDv7 (RFC 9562) with the given time in it."""


def uuid7(moment: datetime) -> str:
    """Return a UUIDv7 (RFC 9562) with the given moment in its 48 bits of milliseconds."""
    return str(uuid_utils.uuid7(nanoseconds=int(moment.timestamp() * 1e6) * 1000))


def utc_now() -> datetime:
    """Return the current time, in microseconds as in MySQL."""
    return datetime.now(UTC)


def check_id(text: str) -> None:
    """Raise Invalid unless text is a UUID in canonical form: lower case, with hyphens."""
    try:
        is_canonical = str(UUID(text)) == text
    except ValueError:
        is_canonical = False
    if not is_canonical:
        detail = "must be a UUID in lower case, such as 0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"
        raise Invalid(f"id {detail}", [FieldError("id", detail)])
