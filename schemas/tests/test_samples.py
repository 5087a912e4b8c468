"""Every published version can still be read as today's."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest

from user_contracts import avro_schema, descriptors, opensearch_index
from user_contracts.proto.user.v1 import User

FIELDS = avro_schema()["fields"]
SAMPLES = Path(__file__).parents[1] / "samples"


def samples(kind: str) -> list[Any]:
    """The samples in one folder: {"bytes": base64, "json": content}."""
    return [
        pytest.param(json.loads(path.read_text("utf-8")), id=path.stem)
        for path in sorted((SAMPLES / kind).glob("*.json"))
    ]


@pytest.mark.parametrize("sample", samples("user_event"))
def test_an_old_event_reads_as_todays(sample: dict[str, Any]) -> None:
    writer = json.loads((SAMPLES / "user_event" / sample["schema"]).read_text("utf-8"))
    body = io.BytesIO(base64.b64decode(sample["bytes"]))
    # What came later has its default, what has gone is not missed.
    todays = {f["name"]: sample["json"].get(f["name"], f.get("default")) for f in FIELDS}
    assert fastavro.schemaless_reader(body, writer, avro_schema()) == todays


@pytest.mark.parametrize("sample", samples("user"))
def test_a_user_keeps_its_bytes(sample: dict[str, Any]) -> None:
    raw = base64.b64decode(sample["bytes"])
    assert User().parse(raw).to_pydict() == User().from_dict(sample["json"]).to_pydict()
    assert bytes(User().from_dict(sample["json"])) == raw


def test_the_package_carries_the_contracts() -> None:
    assert avro_schema()["name"] == "UserEvent"
    assert opensearch_index()["mappings"]["dynamic"] == "strict"
    assert b"UserCommands" in descriptors()
