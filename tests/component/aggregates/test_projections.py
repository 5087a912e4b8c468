"""Each aggregate's projection maps an event to a change, or reports why it is invalid."""

import json
from datetime import date
from typing import Any

import pytest

from chassis.text import folding
from projections.ports import Undecodable
from tests.support.aggregates.under_test import AggregateUnderTest

KEY = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"
CREATED_AT = "2026-11-24T01:02:03.123456Z"


def read(aggregate: AggregateUnderTest, record: dict[str, Any]) -> Any:
    module = __import__(f"{aggregate.name}_contracts.{aggregate.name}_event", fromlist=["read"])
    return module.read(record)


def projected(aggregate: AggregateUnderTest, projector: str, record: dict[str, Any]) -> Any:
    return aggregate.module(projector, "projection").project(record)


def deletion(aggregate: AggregateUnderTest) -> dict[str, Any]:
    return aggregate.record("Deleted", version=3, **dict.fromkeys(aggregate.samples.GIVEN))


@pytest.mark.parametrize("participle", ["Created", "Changed"])
def test_every_field_is_read(aggregate: AggregateUnderTest, participle: str) -> None:
    fields = read(aggregate, aggregate.record(participle)).fields
    assert fields == tuple(aggregate.samples.GIVEN.values())
    assert [type(one) for one in fields] == [type(one) for one in aggregate.samples.GIVEN.values()]


def test_the_table_s_values_read_as_the_topic_s(aggregate: AggregateUnderTest) -> None:
    given = aggregate.samples.GIVEN
    for number, (name, value) in enumerate(given.items()):
        as_stored: list[Any] = [value]
        if isinstance(value, bool):
            as_stored = [int(value)]
        elif name in aggregate.samples.DATES:
            as_stored = [f"{value}Z", date.fromisoformat(value)]
        for one in as_stored:
            fields = read(aggregate, aggregate.record(**{name: one})).fields
            assert repr(fields[number]) == repr(value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 0},
        {"created_at": "yesterday"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
    ],
    ids=str,
)
def test_impossible_event_is_refused_with_the_reason(
    aggregate: AggregateUnderTest, wrong: dict[str, Any]
) -> None:
    missing = [{name: None} for name in aggregate.samples.GIVEN]
    for one in (wrong, {"type": aggregate.type("Promoted")}, {aggregate.key: "x"}, *missing):
        with pytest.raises(ValueError, match=r"\w"):
            read(aggregate, aggregate.record() | one)


@pytest.mark.parametrize("participle", ["Created", "Changed"])
def test_event_becomes_the_responses_of_both_apis(
    aggregate: AggregateUnderTest, participle: str
) -> None:
    given = aggregate.samples.GIVEN
    change = projected(aggregate, "redis-projector", aggregate.record(participle))
    expected = given | {"id": KEY, "created_at": CREATED_AT, "version": 1}
    assert json.loads(change.json) == expected
    message = aggregate.proto(aggregate.title)().parse(change.proto)
    assert {name: getattr(message, name) for name in given} == given
    assert (message.id, message.version) == (KEY, 1)
    assert message.created_at.isoformat() == "2026-11-24T01:02:03.123456+00:00"


@pytest.mark.parametrize("participle", ["Created", "Changed"])
def test_event_becomes_a_document(aggregate: AggregateUnderTest, participle: str) -> None:
    given = aggregate.samples.GIVEN
    change = projected(aggregate, "search-projector", aggregate.record(participle))
    assert (change.key, change.version) == (KEY, 1)
    texts = [given[name] for name in aggregate.samples.TEXTS]
    expected = {"id": KEY, "version": 1, "created_at": CREATED_AT}
    assert change.document == given | folding.searchable(*texts) | expected


def test_deletion_leaves_a_marker(aggregate: AggregateUnderTest) -> None:
    change = projected(aggregate, "redis-projector", deletion(aggregate))
    assert (change.key, change.version, change.json, change.proto) == (KEY, 3, None, None)
    change = projected(aggregate, "search-projector", deletion(aggregate))
    assert change.document == {"id": KEY, "version": 3, "deleted": True}


@pytest.mark.parametrize("projector", ["redis-projector", "search-projector"])
def test_impossible_event_is_undecodable(aggregate: AggregateUnderTest, projector: str) -> None:
    wrong = aggregate.type("Promoted")
    with pytest.raises(Undecodable, match=wrong):
        projected(aggregate, projector, aggregate.record(type=wrong))
