"""Pagination: limits and cursors. Cursors are opaque to clients and validated on use."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from chassis.problems import FieldError, Invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
MAX_CURSOR = 512  # characters; our longest is about 120

C = TypeVar("C")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Page:
    """A request for at most limit entries after cursor; None: from the start."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def page(limit: int | None, cursor: str | None) -> Page:
    """Return the requested page; None, 0 (gRPC's unset) and "" mean the default.

    Raises Invalid.
    """
    if limit is not None and not 0 <= limit <= MAX_LIMIT:
        raise invalid("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
    return Page(limit or DEFAULT_LIMIT, cursor or None)


def cut(
    found: Sequence[E], limit: int, position: Callable[[E], object]
) -> tuple[Sequence[E], str | None]:
    """Return at most limit of the entries, and the cursor of the next page, if there is one.

    found: the entries read for the page; one more than limit if there is a next page.
    """
    if len(found) <= limit:
        return found, None
    return found[:limit], encode_cursor(position(found[limit - 1]))


def encode_cursor(position: object) -> str:
    """Return a position as URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, shape: type[C]) -> C:
    """Return the position in a cursor, of the given shape; raises Invalid for anything else."""
    if len(cursor) > MAX_CURSOR:
        raise invalid("cursor", "is not a cursor from an earlier response")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(text, type=shape)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise invalid("cursor", "is not a cursor from an earlier response") from error


def invalid(field: str, detail: str) -> Invalid:
    """Return the problem of one invalid field."""
    return Invalid(f"{field} {detail}", [FieldError(field, detail)])
