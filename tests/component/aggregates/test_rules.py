"""The rules of each aggregate: an event or a problem, by the newest event and a command."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis.problems import Invalid, NotFound
from tests.support.aggregates.under_test import EVERY, NOON, AggregateUnderTest

LATER = NOON + timedelta(hours=1)


def each(attribute: str) -> pytest.MarkDecorator:
    """A case for each entry of a list in the samples of each aggregate."""
    cases = [
        pytest.param(one, *case, id=f"{one.plural}-{case[0]}-{number}")
        for one in EVERY
        for number, case in enumerate(values(one, attribute))
    ]
    return pytest.mark.parametrize(("aggregate", "field", "value"), cases)


def values(aggregate: AggregateUnderTest, attribute: str) -> list[tuple[str, Any]]:
    found = getattr(aggregate.samples, attribute)
    return list(found.items()) if isinstance(found, dict) else found


def held(aggregate: AggregateUnderTest, event: Any) -> dict[str, Any]:
    return {field: getattr(event, field) for field in aggregate.samples.GIVEN}


def nothing(aggregate: AggregateUnderTest) -> dict[str, Any]:
    return dict.fromkeys(aggregate.samples.GIVEN)


def decided(aggregate: AggregateUnderTest, newest: Any, command: Any, new_id: Any) -> Any:
    return aggregate.rules("decide")(newest, command, LATER, new_id)


def test_creation_begins_at_version_one(aggregate: AggregateUnderTest, new_id: Any) -> None:
    given = aggregate.samples.GIVEN
    event = decided(aggregate, None, aggregate.command("Create", **given), new_id)
    expected = (aggregate.type("Created"), 1, given)
    assert (event.type, event.version, held(aggregate, event)) == expected
    assert event.created_at == event.occurred_at == LATER


@each("OTHER")
def test_change_keeps_what_is_not_given(
    aggregate: AggregateUnderTest, field: str, value: Any, new_id: Any
) -> None:
    known = aggregate.event("Created", 3)
    fields = nothing(aggregate) | {field: value}
    command = aggregate.command("Change", aggregate.id_of(known), **fields)
    event = decided(aggregate, known, command, new_id)
    assert (event.type, event.version) == (aggregate.type("Changed"), 4)
    assert held(aggregate, event) == aggregate.samples.GIVEN | {field: value}
    assert (event.created_at, event.occurred_at) == (NOON, LATER)


def test_change_that_changes_nothing_is_no_event(
    aggregate: AggregateUnderTest, new_id: Any
) -> None:
    known = aggregate.event("Created", 3)
    command = aggregate.command("Change", aggregate.id_of(known), **aggregate.samples.GIVEN)
    assert decided(aggregate, known, command, new_id) is known


def test_deletion_leaves_a_marker_alone(aggregate: AggregateUnderTest, new_id: Any) -> None:
    known = aggregate.event("Created", 3)
    event = decided(aggregate, known, aggregate.command("Delete", aggregate.id_of(known)), new_id)
    expected = (aggregate.type("Deleted"), 4, nothing(aggregate))
    assert (event.type, event.version, held(aggregate, event)) == expected


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_is_not_there_cannot_be_changed(
    aggregate: AggregateUnderTest, new_id: Any, *, is_deleted: bool
) -> None:
    newest = replace(aggregate.event("Deleted", 3)) if is_deleted else None
    given = aggregate.samples.GIVEN
    for command in (aggregate.command("Change", "a", **given), aggregate.command("Delete", "a")):
        with pytest.raises(NotFound):
            decided(aggregate, newest, command, new_id)


@each("WRONG")
def test_wrong_value_is_refused_by_its_field(
    aggregate: AggregateUnderTest, field: str, value: Any, new_id: Any
) -> None:
    fields = aggregate.samples.GIVEN | {field: value}
    with pytest.raises(Invalid) as refused:
        decided(aggregate, None, aggregate.command("Create", **fields), new_id)
    assert [mistake.field for mistake in refused.value.errors] == [field]


@each("MOST")
def test_the_most_that_may_be_given_is_accepted(
    aggregate: AggregateUnderTest, field: str, value: Any, new_id: Any
) -> None:
    fields = aggregate.samples.GIVEN | {field: value}
    event = decided(aggregate, None, aggregate.command("Create", **fields), new_id)
    assert held(aggregate, event) == fields


def test_text_is_kept_trimmed_and_in_nfc(aggregate: AggregateUnderTest, new_id: Any) -> None:
    text = aggregate.samples.TEXTS[0]
    fields = aggregate.samples.GIVEN | {text: " e\u0301 "}
    event = decided(aggregate, None, aggregate.command("Create", **fields), new_id)
    assert getattr(event, text) == "\u00e9"
