"""docs/how-to-add-a-field.md, followed exactly."""

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from local_stack.addresses import Addresses
from tests.support.clients.api_clients import as_root
from tests.support.schemas.changes import Change
from tests.support.schemas.evolution import objections, published
from tests.support.schemas.golden import bytes_of, decoded, each_event, encoded, views, writer_of
from tests.support.schemas.table import avro_fields
from user_contracts import avro_schema

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to-add-a-field.md").read_text("utf-8")
MIGRATIONS = ROOT / "services" / "command-api" / "src" / "command_api" / "migrations"


def block(language: str) -> str:
    """Return the page's only block in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


FIELD: dict[str, Any] = json.loads(block("json"))
CANDIDATE = Change("the page's", puts=(FIELD,)).made()


def table_migrations() -> list[str]:
    """Return the table's migrations; grants would outlive the scratch database."""
    files = sorted(p for p in MIGRATIONS.glob("*.sql") if ".rollback" not in p.name)
    statements = [path.read_text("utf-8") for path in files]
    return [statement for statement in statements if "GRANT " not in statement]


@pytest.fixture
def scratch(stack: Addresses) -> Iterator[tuple["pymysql.Connection[Any]", str]]:
    """Create today's event store in its own database."""
    name = f"scratch_{uuid.uuid4().hex}"
    with pymysql.connect(**as_root(stack)) as connection:
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.select_db(name)
        try:
            for statement in table_migrations():
                connection.cursor().execute(statement)
            yield connection, name
        finally:
            connection.cursor().execute(f"DROP DATABASE {name}")


@pytest.mark.integration
def test_the_column_and_the_field_are_the_same(
    scratch: tuple["pymysql.Connection[Any]", str],
) -> None:
    connection, database = scratch
    assert avro_fields(connection, database) == avro_schema()["fields"]
    connection.cursor().execute(block("sql"))
    assert avro_fields(connection, database) == CANDIDATE["fields"]


def test_gate_accepts_the_field() -> None:
    assert objections([*published(), CANDIDATE]) == []


@each_event
async def test_an_old_event_reads_with_the_default(sample: dict[str, Any], name: str) -> None:
    event = await decoded(bytes_of(sample), writer_of(sample), CANDIDATE)
    assert event == sample["json"] | {FIELD["name"]: FIELD["default"]}


@each_event
async def test_today_s_reader_accepts_the_new_event(sample: dict[str, Any], name: str) -> None:
    value = encoded(sample["json"] | {FIELD["name"]: "Zo"}, CANDIDATE)
    event = await decoded(value, CANDIDATE, avro_schema())
    assert views(event) == views(sample["json"])


def test_the_page_names_files_that_exist() -> None:
    named = re.findall(r"`((?:schemas|tests|services)/[\w./-]+)`", PAGE)
    yet_to_come = {"0009-nickname.sql", "v2.avsc"}
    there = [name for name in named if Path(name).name not in yet_to_come]
    assert there
    assert [name for name in there if not (ROOT / name).exists()] == []
