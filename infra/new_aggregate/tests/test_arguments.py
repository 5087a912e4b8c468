"""Every mistake in the arguments is reported before a file is written."""

from pathlib import Path

import pytest

from new_aggregate import Refused
from new_aggregate.aggregate import requested
from new_aggregate.fields import Field

GOOD = "note:text(200) total:integer paid:boolean due:date"


def refusal(root: Path, name: str = "order", fields: str = GOOD, plural: str | None = None) -> str:
    with pytest.raises(Refused) as refused:
        requested(name, fields, plural, root)
    return str(refused.value)


def test_valid_arguments_are_accepted(tmp_path: Path) -> None:
    order = requested("order", GOOD, None, tmp_path)
    assert (order.name, order.plural) == ("order", "orders")
    assert order.fields == [
        Field("note", "text", 200),
        Field("total", "integer"),
        Field("paid", "boolean"),
        Field("due", "date"),
    ]


@pytest.mark.parametrize(
    ("name", "plural"),
    [("box", "boxes"), ("city", "cities"), ("day", "days"), ("match", "matches")],
)
def test_plural_is_derived_from_the_name(tmp_path: Path, name: str, plural: str) -> None:
    assert requested(name, GOOD, None, tmp_path).plural == plural


def test_given_plural_is_used(tmp_path: Path) -> None:
    assert requested("mouse", GOOD, "mice", tmp_path).plural == "mice"
    assert "not the name itself" in refusal(tmp_path, "sheep", plural="sheep")


@pytest.mark.parametrize("name", ["", "Order", "the_order", "order1", "user", "event", "class"])
def test_invalid_name_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, name).startswith("NAME: ")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("", "at least one field must be a text"),
        ("total:integer", "at least one field must be a text"),
        ("note", "write a field as"),
        ("note:text", "a text needs a maximum length"),
        ("note:text(0)", "1 to 4000 characters"),
        ("note:text(4001)", "1 to 4000 characters"),
        ("note:text(9) total:integer(3)", "only a text has a length"),
        ("note:text(9) due:time", "unknown type time"),
        ("note:text(9) note:integer", "given twice"),
        ("Note:text(9)", "lower-case"),
        ("no__te:text(9)", "single underscores"),
        ("version:text(9)", "every aggregate uses this name"),
        ("order_id:text(9)", "every aggregate uses this name"),
        ("times:text(9)", "every aggregate uses this name"),
        ("rank:text(9)", "a reserved word of SQL or Python"),
        ("lambda:text(9)", "a reserved word of SQL or Python"),
        ("a:text(3000) b:text(3000)", "all texts together"),
    ],
)
def test_invalid_field_is_refused(tmp_path: Path, fields: str, words: str) -> None:
    assert words in refusal(tmp_path, fields=fields)


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    reported = refusal(tmp_path, "Order", "version:text(9) due:time")
    assert len(reported.splitlines()) == 3


def test_existing_aggregate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "services" / "order-command-api").mkdir(parents=True)
    assert refusal(tmp_path) == "services/order-command-api exists already"


@pytest.mark.parametrize(
    ("name", "plural"), [("person", "users"), ("sy", "sys"), ("cart", "carts")]
)
def test_existing_database_is_refused(tmp_path: Path, name: str, plural: str) -> None:
    (tmp_path / "infra" / "aggregates").mkdir(parents=True)
    (tmp_path / "infra/aggregates/basket.yaml").write_text("name: basket\ndatabase: carts\n")
    assert f"PLURAL: {plural}: a database of this name exists" in refusal(
        tmp_path, name, GOOD, plural
    )
