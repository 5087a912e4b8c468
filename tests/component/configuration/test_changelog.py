"""CHANGELOG.md has the form of Keep a Changelog, and the version of the file VERSION."""

import re
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[3]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_versions_are_dated_and_the_newest_is_that_of_the_repository() -> None:
    unreleased, *versions = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert unreleased == "[Unreleased]"
    found = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", one) for one in versions]
    numbers = [one[1] for one in found if one]
    days = [date.fromisoformat(one[2]) for one in found if one]
    assert len(numbers) == len(versions)
    assert numbers[0] == (ROOT / "VERSION").read_text().strip()
    assert days == sorted(days, reverse=True)


def test_a_version_has_each_kind_of_change_once_and_no_others() -> None:
    for part in re.split(r"^## .+$", CHANGELOG, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.+)$", part, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]
