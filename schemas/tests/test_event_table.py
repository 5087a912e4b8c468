"""The page about the event table lists exactly the readable columns."""

import re
from pathlib import Path

from user_contracts import event_table

PAGE = (Path(__file__).parents[1] / "tables" / "user-event.md").read_text("utf-8")


def test_the_page_has_the_columns_of_the_event_s_schema() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == event_table.columns()
    assert f"(`{event_table.KEY}`, `{event_table.VERSION}`)" in PAGE
    assert f"`{event_table.NAME}`" in PAGE
