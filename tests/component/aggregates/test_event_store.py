"""What event stores promise, for each aggregate: in memory, and in MySQL with its rights."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from eventstore.conformance.events import *
from eventstore.conformance.results import *
from eventstore.conformance.samples import NO_KEY, NOON, Samples
from eventstore.ids import uuid7
from eventstore.ports import EventStore
from tests.support.aggregates.under_test import AggregateUnderTest


@dataclass
class AggregateSamples:
    """Implements eventstore.conformance.samples.Samples; the text is in the first text field."""

    aggregate: AggregateUnderTest
    DELETION: str

    def created(self, text: str = "a", /) -> Any:
        return self.aggregate.event("Created", **self._with(text))

    def after(self, event: Any, text: str = "b", /) -> Any:
        changed = replace(event, version=event.version + 1, event_id=uuid7(NOON))
        return replace(changed, type=self.aggregate.type("Changed"), **self._with(text))

    def deleted(self, event: Any, /) -> Any:
        nothing: dict[str, Any] = dict.fromkeys(self.aggregate.samples.GIVEN)
        return replace(self.after(event), type=self.DELETION, **nothing)

    def id_of(self, event: Any, /) -> str:
        return self.aggregate.id_of(event)

    def _with(self, text: str) -> dict[str, Any]:
        samples = self.aggregate.samples
        return {samples.TEXTS[0]: text[: samples.LONGEST]}


@pytest.fixture(params=["memory_store", pytest.param("mysql_store", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest, aggregate: AggregateUnderTest) -> EventStore[Any]:
    store: EventStore[Any] = request.getfixturevalue(request.param)
    return store


@pytest.fixture
def events(aggregate: AggregateUnderTest) -> Samples:
    return AggregateSamples(aggregate, aggregate.type("Deleted"))


async def test_every_type_comes_back_as_it_was(
    store: EventStore[Any], aggregate: AggregateUnderTest
) -> None:
    for fields in ({}, *({field: most} for field, most in aggregate.samples.MOST)):
        event = aggregate.event("Created", **fields)
        await store.append(event, NO_KEY)
        assert repr(await store.newest(aggregate.id_of(event))) == repr(event)  # 1 is no True
