"""Nothing of users is left in what is specs of orders, and vendors' users stay what they are."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from local_stack.layout import PORTS
from new_aggregate import ROOT, kubernetes, registered, words, written
from new_aggregate.aggregate import Aggregate, requested
from new_aggregate.fields import Field

ORDER = Aggregate(
    "order",
    "orders",
    [
        Field("note", "text", 200),
        Field("total", "integer"),
        Field("paid", "boolean"),
        Field("due", "date"),
    ],
    number=1,
)
LEFT = re.compile(r"users?(?![a-z])|first_name|last_name|rename", re.IGNORECASE)
INVOICE = Aggregate("invoice", "invoices", [Field("note", "text", 200)], number=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A user and a UserEvent of users", "An order and an OrderEvent of orders"),
        ("query-api QUERY_API_HOST", "order-query-api ORDER_QUERY_API_HOST"),
        ("redis-projector, port 9003, not 90030", "order-redis-projector, port 9013, not 90030"),
        ("await users.rename(RenameUser())", "await orders.change(ChangeOrder())"),
        ("runAsUser: 10001 of a user", "runAsUser: 10001 of an order"),
        ("mysql_user: str = 'command_api'", "mysql_user: str = 'order_command_api'"),
    ],
)
def test_identifiers_are_renamed(text: str, expected: str) -> None:
    assert words.reworded(text, ORDER) == expected


def test_no_name_of_users_remains() -> None:
    for path, text in written.files(ORDER, ROOT).items():
        rest = re.sub("|".join(words.UNCHANGED), "", text) if path.suffix != ".lock" else ""
        assert not re.search(
            r"users?(?![a-z])|first_name|last_name|rename", f"{path}\n{rest}", re.IGNORECASE
        ), path


def test_generated_files_are_valid_python() -> None:
    for path, text in written.files(INVOICE, ROOT).items():
        if path.suffix == ".py":
            ast.parse(text, str(path))


def test_second_aggregate_is_registered_after_the_first(tmp_path: Path) -> None:
    needed = [Path("infra/connect/user-events.json"), *map(Path, registered.EDITS)]
    needed += [
        folder / name
        for folder, own in kubernetes.LISTED.items()
        for sources in own.values()
        for name in sources
    ]
    put(tmp_path, {path: (ROOT / path).read_text("utf-8") for path in needed})
    first = registered.files(ORDER, tmp_path)
    put(tmp_path, first)
    second = registered.files(INVOICE, tmp_path)
    for path in first.keys() & second.keys():
        assert second[path] != first[path], path
        assert second[path].count("order") == first[path].count("order"), path


def put(root: Path, files: Mapping[Path, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


def test_ports_are_free_and_have_one_offset_from_those_of_users() -> None:
    ports = requested("parcel", "note:text(9)", None, ROOT / "nowhere").ports
    taken = {port for own in PORTS.values() for port in own.values()}
    assert not taken & {port for own in ports.values() for port in own.values()}
    distances = {
        port - PORTS[name.removeprefix("parcel-")][purpose]
        for name, own in ports.items()
        for purpose, port in own.items()
    }
    assert len(distances) == 1


@pytest.mark.parametrize("projector", ["redis-projector", "search-projector"])
def test_operator_command_names_the_aggregate(projector: str) -> None:
    table = "infra/view_verifier/src/view_verifier/views.py"
    text = registered.EDITS[table]((ROOT / table).read_text(), ORDER)
    for name, plural in ((projector, "users"), (f"order-{projector}", "orders")):
        assert f'"{name}": KnownView(\n        plural="{plural}",\n' in text
