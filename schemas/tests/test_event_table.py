"""The page about the event table lists exactly the readable columns."""

import re
from pathlib import Path

from projections.verification.event_table import EventTable
from user_contracts import avro_schema

TABLE = EventTable("user", avro_schema)

PAGE = (Path(__file__).parents[1] / "tables" / "user-event.md").read_text("utf-8")


def test_the_page_has_the_columns_of_the_event_s_schema() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == TABLE.columns()
    assert f"(`{TABLE.key}`, `{TABLE.version}`)" in PAGE
    assert f"`{TABLE.name}`" in PAGE
