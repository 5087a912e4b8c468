"""Values of users, with which the suites for all aggregates test their services."""

from typing import Any

CHANGE, CHANGED = "Rename", "Renamed"
GIVEN: dict[str, Any] = {"first_name": "Some first name", "last_name": "Some last name"}
# As GIVEN, and different in each field.
OTHER: dict[str, Any] = {"first_name": "Other first name", "last_name": "Other last name"}
TEXTS = ["first_name", "last_name"]
LONGEST = 100  # characters of the first of them
DATES: list[str] = []
# What the rules refuse, and the most that they accept.
WRONG: list[tuple[str, Any]] = [
    *(("first_name", wrong) for wrong in ("", " ", "x" * 101, "\x00")),
    *(("last_name", wrong) for wrong in ("", " ", "x" * 101, "\x00")),
]
MOST: list[tuple[str, Any]] = [
    ("first_name", "😀" * 100),
    ("last_name", "😀" * 100),
]
