"""The migrated table equals the contracts."""

import re
from pathlib import Path
from typing import Any

import pymysql
import pytest

from local_stack.addresses import Addresses
from projections.verification.event_table import EventTable
from tests.support.clients.api_clients import as_root
from tests.support.schemas.table import avro_fields
from user_contracts import avro_schema

TABLE = EventTable("user", avro_schema)

PAGE = (Path(__file__).parents[3] / "schemas" / "tables" / "user-event.md").read_text("utf-8")
COLUMNS = """
SELECT column_name, column_type FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s
"""
PRIMARY_KEY = """
SELECT column_name FROM information_schema.key_column_usage
WHERE table_schema = %s AND table_name = %s AND constraint_name = 'PRIMARY'
ORDER BY ordinal_position
"""


@pytest.mark.integration
def test_the_migrated_table_has_the_contract_s_fields(stack: Addresses) -> None:
    with pymysql.connect(**as_root(stack)) as connection:
        assert avro_fields(connection, stack.mysql_database) == avro_schema()["fields"]


@pytest.mark.integration
def test_the_migrated_table_is_the_one_that_its_contract_describes(stack: Addresses) -> None:
    described = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", PAGE, re.MULTILINE))
    with pymysql.connect(**as_root(stack)) as connection:
        types = dict(rows(connection, COLUMNS, stack.mysql_database))
        key = [name for (name,) in rows(connection, PRIMARY_KEY, stack.mysql_database)]
    assert {name: types.get(name) for name in TABLE.columns()} == described
    assert key == [TABLE.key, TABLE.version]


def rows(connection: "pymysql.Connection[Any]", query: str, database: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, [database, TABLE.name])
        return cursor.fetchall()
