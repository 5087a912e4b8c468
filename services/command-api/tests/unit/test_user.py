"""The rules: given the newest event and a command, the resulting event or problem."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.problems import Invalid, NotFound
from command_api.user import CreateUser, DeleteUser, RenameUser, UserEvent, decide

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
ANN = UserEvent("ann", 3, "e3", "UserRenamed", "Ann", "Lee", NOON, NOON)
NewId = Callable[[datetime], str]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def test_a_created_user_begins_at_version_one(new_id: NewId) -> None:
    event = decide(None, CreateUser("Ann", "Lee"), NOON, new_id)
    assert (event.type, event.version) == ("UserCreated", 1)
    assert (event.first_name, event.last_name) == ("Ann", "Lee")
    assert event.created_at == event.occurred_at == NOON
    assert event.user_id != event.event_id


def test_rename_keeps_an_omitted_name(new_id: NewId) -> None:
    event = decide(ANN, RenameUser("ann", "Anna", None), LATER, new_id)
    assert (event.type, event.version) == ("UserRenamed", 4)
    assert (event.first_name, event.last_name) == ("Anna", "Lee")
    assert (event.created_at, event.occurred_at) == (NOON, LATER)


def test_a_rename_that_changes_nothing_is_no_event(new_id: NewId) -> None:
    assert decide(ANN, RenameUser("ann", " Ann ", "Lee"), LATER, new_id) is ANN


def test_a_deletion_leaves_a_marker_without_names(new_id: NewId) -> None:
    event = decide(ANN, DeleteUser("ann"), LATER, new_id)
    assert (event.type, event.version) == ("UserDeleted", 4)
    assert (event.first_name, event.last_name) == (None, None)


@pytest.mark.parametrize("newest", [None, replace(ANN, type="UserDeleted")])
@pytest.mark.parametrize("command", [RenameUser("ann", "Anna", None), DeleteUser("ann")])
def test_change_of_an_unknown_user_is_not_found(
    newest: UserEvent | None, command: RenameUser | DeleteUser, new_id: NewId
) -> None:
    with pytest.raises(NotFound):
        decide(newest, command, LATER, new_id)


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 101, "a\x00b", "a\u2028b", "\ud800", "\u200b", "\u0301", "\u202ea"]
)
def test_a_name_that_breaks_the_rules_is_refused(name: str, new_id: NewId) -> None:
    for command in (CreateUser(name, "Lee"), RenameUser("ann", name, None)):
        with pytest.raises(Invalid) as refused:
            decide(ANN, command, NOON, new_id)
        assert [error.field for error in refused.value.errors] == ["first_name"]


def test_all_mistakes_are_reported_at_once(new_id: NewId) -> None:
    with pytest.raises(Invalid) as refused:
        decide(None, CreateUser("", "x" * 101), NOON, new_id)
    assert [error.field for error in refused.value.errors] == ["first_name", "last_name"]


def test_rename_without_names_is_rejected(new_id: NewId) -> None:
    with pytest.raises(Invalid):
        decide(ANN, RenameUser("ann", None, None), NOON, new_id)


@pytest.mark.parametrize(
    "name", ["Zoë", "Žižek", "李小龍", "O'Brien", "😀", "👩‍👩‍👧", "محمد", "\U00031350"]
)
def test_a_name_of_any_script_stays_as_it_is(name: str, new_id: NewId) -> None:
    assert decide(None, CreateUser(name, "Lee"), NOON, new_id).first_name == name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES)
def test_names_are_stored_trimmed_and_in_nfc(new_id: NewId, name: str) -> None:
    try:
        stored = decide(None, CreateUser(name, "Lee"), NOON, new_id).first_name
    except Invalid:
        return
    assert stored == unicodedata.normalize("NFC", name).strip()
    assert decide(None, CreateUser(stored, "Lee"), NOON, new_id).first_name == stored
