"""docs/field-cases.md and docs/hostile-callers.md name tests that exist."""

import re

import pytest

from tests.support.docs.named_tests import missing
from tests.support.docs.page import ROOT

PAGES = [
    (ROOT / "docs" / name).read_text("utf-8") for name in ("field-cases.md", "hostile-callers.md")
]
COLUMNS = 6
CASES = {
    *("C1", "C2", "V1", "V2", "V3", "T1", "T2", "T3", "T4", "T5", "T6", "T7"),
    *("K1", "K2", "K3", "S1", "S2", "S3", "S4", "P1", "P2"),
    *("H2b", *(f"H{number}" for number in range(1, 17))),
}


def rows() -> dict[str, list[str]]:
    """Return the cells of each case, by its number."""
    lines = re.findall(r"^\| ([A-Z]\d+[a-z]?) \|(.*)\|$", "\n".join(PAGES), re.MULTILINE)
    return {number: [number, *rest.split("|")] for number, rest in lines}


def named_tests() -> list[str]:
    return [name for cells in rows().values() for name in re.findall(r"`([^`]+)`", cells[-1])]


def test_page_has_every_case_with_all_its_columns() -> None:
    assert rows().keys() >= CASES
    assert {number for number, cells in rows().items() if len(cells) != COLUMNS} == set()
    assert [number for number, cells in rows().items() if not cells[-2].strip()] == []
    assert [number for number, cells in rows().items() if "::" not in cells[-1]] == []


def test_every_test_that_the_page_names_exists() -> None:
    assert named_tests()
    assert [reason for name in named_tests() if (reason := missing(name))] == []


@pytest.mark.parametrize(
    "name",
    [
        "tests/component/configuration/test_field_cases.py::test_that_nobody_wrote",
        "tests/component/configuration/no_such_file.py::test_every_test_that_the_page_names_exists",
        "tests/component/configuration/test_field_cases.py",
    ],
)
def test_a_test_that_does_not_exist_is_reported(name: str) -> None:
    assert missing(name)
