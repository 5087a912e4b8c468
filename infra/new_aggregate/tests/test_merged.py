"""Other fields for an aggregate that is in git already."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from new_aggregate import ROOT, Refused, merged
from new_aggregate.aggregate import Aggregate, fields_for
from new_aggregate.fields import Field

ORDER = Aggregate("order", "orders", [Field("note", "text", 200), Field("total", "integer")], 1)
MORE = [*ORDER.fields, Field("due", "date")]
RULES = Path("services/order-command-api/src/order_command_api/order.py")
Git = Callable[..., str]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with what was written for ORDER; the sources of users stay where they are."""
    made = merged._own_files
    monkeypatch.setattr(merged, "_own_files", lambda aggregate, _root: made(aggregate, ROOT))
    written = made(ORDER, ROOT)
    for path in merged.differing(written, made(replace(ORDER, fields=MORE), ROOT)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(merged._formatted(path, written[path]), "utf-8")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "all")


def test_fields_are_read_back_as_they_were_recorded(root: Path) -> None:
    assert merged.recorded("order", root) == ORDER
    assert merged.recorded("parcel", root) is None


def test_new_field_is_merged_with_a_manual_change(root: Path) -> None:
    text = (root / RULES).read_text("utf-8")
    by_hand = text.replace("\nCommand = ", "\nBY_HAND = True\n\nCommand = ", 1)
    (root / RULES).write_text(by_hand, "utf-8")
    commit(root)
    files = {file.path: file for file in merged.changed(ORDER, MORE, root)}
    assert all(not file.conflicts for file in files.values())
    assert "BY_HAND = True" in files[RULES].text
    assert "due: str" in files[RULES].text
    assert "due:date" in files[Path("infra/aggregates/order.yaml")].text


def test_line_that_both_changed_is_a_conflict(root: Path) -> None:
    text = (root / RULES).read_text("utf-8")
    assert "    total: int\n" in text
    (root / RULES).write_text(text.replace("    total: int\n", "    total: float\n", 1), "utf-8")
    commit(root)
    longer = [Field("note", "text", 200), Field("sum", "integer")]
    (rules,) = [file for file in merged.changed(ORDER, longer, root) if file.path == RULES]
    assert rules.conflicts == 1
    assert "<<<<<<< yours" in rules.text
    assert "    total: float\n" in rules.text


def test_published_files_are_named_and_not_merged(root: Path) -> None:
    named = merged.published(ORDER, MORE, ROOT)
    assert any("migrations/0001" in str(path) for path in named)
    assert not set(named) & {file.path for file in merged.changed(ORDER, MORE, root)}


def test_new_field_at_the_end_renumbers_no_field_of_a_message() -> None:
    more = replace(ORDER, fields=[*ORDER.fields, Field("weight", "integer")])
    for name in ("order", "commands"):
        path = Path(f"schemas/proto/order/v1/{name}.proto")
        before, after = (merged._own_files(one, ROOT)[path].splitlines() for one in (ORDER, more))
        assert [line for line in before if line not in after] == []
        assert len(after) > len(before)


NOTE, TOTAL = ORDER.fields


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ([NOTE, TOTAL, Field("due", "date")], []),
        ([Field("note", "text", 300), TOTAL], []),
        ([NOTE], ["total"]),
        ([TOTAL, NOTE], ["note", "total"]),
        ([NOTE, Field("total", "boolean")], ["total"]),
        ([Field("due", "date"), NOTE, TOTAL], ["note", "total"]),
    ],
)
def test_fields_with_a_changed_protobuf_number_are_named(
    fields: list[Field], names: list[str]
) -> None:
    assert merged.renumbered(ORDER.fields, fields) == names


def test_same_fields_are_refused(root: Path) -> None:
    with pytest.raises(Refused, match="already, with these fields"):
        merged.changed(ORDER, ORDER.fields, root)


def test_file_with_an_uncommitted_change_is_refused(root: Path) -> None:
    (root / RULES).write_text("changed", "utf-8")
    with pytest.raises(Refused, match=r"commit or stash.*\n.*order\.py"):
        merged.changed(ORDER, MORE, root)


def test_invalid_new_field_is_refused() -> None:
    with pytest.raises(Refused, match="every aggregate uses this name"):
        fields_for("order", "orders", "order_id:text(9)")


def test_spec_of_a_field_parses_to_the_same_field() -> None:
    specs = " ".join(field.spec for field in MORE)
    assert fields_for("order", "orders", specs) == replace(ORDER, fields=MORE).fields
