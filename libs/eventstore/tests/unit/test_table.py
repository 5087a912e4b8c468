"""Rows of an event table."""

import re
from dataclasses import fields
from datetime import date

from eventstore.conformance import notes
from eventstore.conformance.notes import NOTE, NoteEvent
from eventstore.conformance.samples import NO_KEY, NOON
from eventstore.mysql.table import EventTable

TABLE = EventTable(NOTE)
STATEMENTS = [text for name, text in vars(TABLE).items() if isinstance(text, str)]


def test_columns_are_quoted_in_every_statement() -> None:
    named = [text for text in STATEMENTS if "is_public" in text]
    assert len(named) >= 5
    for column in fields(NoteEvent):
        if column.name in ("note_id", "version"):  # in the table's own key
            continue
        bare = re.compile(rf"(?<![`\w]){column.name}(?![`\w])")
        assert [text for text in STATEMENTS if bare.search(text)] == []


def test_row_comes_back_as_the_event_it_was() -> None:
    event = notes.created()
    row = list(TABLE.row(event, NO_KEY))[: len(fields(NoteEvent))]
    assert row[-1] == NOON.replace(tzinfo=None)
    row[5], row[6] = 1, date(2026, 1, 31)  # as MySQL has BOOLEAN and DATE
    assert repr(TABLE.event(row)) == repr(event)
