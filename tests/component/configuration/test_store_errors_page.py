"""docs/store-errors.md lists the code's error classes, each on the right side."""

import re
from collections.abc import Collection
from pathlib import Path

import pytest

from chassis.stores.errors import http, kafka, mysql, opensearch, redis
from tests.support.stores.error_classes import classes

PAGE = (Path(__file__).parents[3] / "docs" / "store-errors.md").read_text()
KAFKA = {kind: kafka.is_transient(kind) for kind in classes("aiokafka.errors")}


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def listed(text: str, begin: str) -> set[str]:
    """Return what is in backticks in the paragraph that begins like this."""
    paragraph = text.partition(f"\n{begin}: ")[2].partition("\n\n")[0]
    return set(re.findall(r"`([^`]+)`", paragraph))


@pytest.mark.parametrize(
    ("heading", "judged"),
    [
        ("MySQL", mysql.WITHOUT_NUMBER),
        ("Redis", redis.CLASSES),
        ("Kafka", KAFKA),
        ("Schema registry", http.CLASSES),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_each_class_is_listed_where_it_belongs(
    heading: str, judged: dict[type[Exception], bool]
) -> None:
    text = section(heading)
    for begin, is_transient in (("Transient", True), ("Not transient", False)):
        expected = {kind.__name__ for kind, heals in judged.items() if heals is is_transient}
        assert listed(text, begin) == expected


def test_each_number_of_mysql_is_listed() -> None:
    lists = re.findall(r"^- (?:.|\n  )*", section("MySQL"), re.MULTILINE)
    numbers = {int(number) for one in lists for number in re.findall(r"\b\d{4}\b", one)}
    assert numbers == mysql.TRANSIENT


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Redis", redis.REPLIES),
        ("Redis", redis.TOPOLOGY),
        ("OpenSearch", opensearch.TRANSIENT_TYPES),
        ("OpenSearch", opensearch.DOCUMENT_TYPES),
        ("OpenSearch", [kind.__name__ for kind in opensearch.CLASSES]),
        ("OpenSearch", [str(status) for status in opensearch.PERMANENT_STATUS]),
    ],
)
def test_each_name_is_in_its_section(heading: str, names: Collection[str]) -> None:
    text = section(heading)
    assert [name for name in names if name not in text] == []
