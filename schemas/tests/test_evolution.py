"""The contract is compatible with every published version; checked without a registry."""

import json

from tests.support.schemas import changes
from tests.support.schemas.changes import ALLOWED, FORBIDDEN, NICKNAME, RENAMED, Change
from tests.support.schemas.evolution import PUBLISHED, objections, published
from user_contracts import avro_schema


def test_the_contract_may_follow_every_published_version() -> None:
    assert objections([*published(), avro_schema()]) == []


def test_the_contract_is_published_and_each_version_has_its_bytes() -> None:
    assert published()[-1] == avro_schema(), "add schemas/samples/user_event/v<next>.avsc"
    sampled = {json.loads(path.read_text())["schema"] for path in PUBLISHED.glob("*.json")}
    assert sampled == {path.name for path in PUBLISHED.glob("*.avsc")}


@changes.each(*ALLOWED)
def test_compatible_change_is_accepted(change: Change) -> None:
    assert change.made() != avro_schema()
    assert objections([avro_schema(), change.made()]) == []


@changes.each(*FORBIDDEN, RENAMED)
def test_incompatible_change_is_rejected(change: Change) -> None:
    assert objections([avro_schema(), change.made()])


def test_the_newest_version_alone_is_not_enough() -> None:
    added = Change("", puts=(NICKNAME,)).made()
    back = Change("", puts=(NICKNAME | {"type": ["null", "long"]},)).made()
    gone = avro_schema()
    assert objections([added, gone]) == objections([gone, back]) == []
    assert "version 3 after version 1" in objections([added, gone, back])[0]
