"""Events of every version are projected to the same views as then: replays depend on it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from projections.ports import Undecodable
from tests.support.schemas.changes import ALLOWED, RENAMED, Change, each
from tests.support.schemas.golden import SAMPLES, bytes_of, decoded, each_event, views, writer_of

KINDS = ("user_event", "view")
TODAY = Change("today")


async def replayed(sample: Mapping[str, Any], reader: Mapping[str, Any]) -> dict[str, Any]:
    return views(await decoded(bytes_of(sample), writer_of(sample), reader))


@each(TODAY, *ALLOWED)
@each_event
async def test_old_event_is_projected_to_the_golden_views(
    sample: dict[str, Any], name: str, change: Change
) -> None:
    golden = json.loads((SAMPLES / "view" / f"{name}.json").read_text("utf-8"))
    assert await replayed(sample, change.made()) == golden


def test_every_sample_event_has_golden_views() -> None:
    folders = {kind: {p.stem for p in (SAMPLES / kind).glob("*.json")} for kind in KINDS}
    assert folders["view"] == folders["user_event"] != set()


async def test_after_a_rename_the_names_of_old_events_would_be_lost() -> None:
    """The reason why our gate is stricter than the registry."""
    sample = json.loads((SAMPLES / "user_event" / "v1-created.json").read_text("utf-8"))
    event = await decoded(bytes_of(sample), writer_of(sample), RENAMED.made())
    assert event["given_name"] is None
    with pytest.raises(Undecodable):
        views(event)
