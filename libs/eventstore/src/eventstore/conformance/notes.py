"""Notes: an example aggregate for tests of the library and of stores (samples.Samples)."""

from dataclasses import dataclass, replace
from datetime import datetime

from eventstore.aggregate import Aggregate
from eventstore.conformance.samples import NOON
from eventstore.ids import NewId, uuid7

DELETION = "NoteDeleted"


@dataclass(frozen=True, slots=True)
class NoteEvent:
    note_id: str
    version: int
    event_id: str
    type: str
    text: str | None
    is_public: bool | None
    day: str | None
    created_at: datetime
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class WriteNote:
    text: str


def decide(_newest: NoteEvent | None, command: WriteNote, _now: datetime, _: NewId) -> NoteEvent:
    return created(command.text)


NOTE = Aggregate("note", NoteEvent, DELETION, decide)


def created(text: str = "a") -> NoteEvent:
    note_id, event_id = uuid7(NOON), uuid7(NOON)
    return NoteEvent(note_id, 1, event_id, "NoteWritten", text, True, "2026-01-31", NOON, NOON)


def after(event: NoteEvent, text: str = "b") -> NoteEvent:
    version, event_id = event.version + 1, uuid7(NOON)
    return replace(event, version=version, event_id=event_id, type="NoteChanged", text=text)


def deleted(event: NoteEvent) -> NoteEvent:
    return replace(after(event), type=DELETION, text=None, is_public=None, day=None)


def id_of(event: NoteEvent) -> str:
    return event.note_id
