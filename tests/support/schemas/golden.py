"""Events of every published version, and the views that the projectors derive from them."""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import pytest

import redis_projector.projection
import search_projector.projection
from projections.kafka.avro import HEADER, AvroDecoder

SAMPLES = Path(__file__).parents[3] / "schemas" / "samples"
EVENTS = [
    pytest.param(json.loads(path.read_text("utf-8")), path.stem, id=path.stem)
    for path in sorted((SAMPLES / "user_event").glob("*.json"))
]
each_event = pytest.mark.parametrize(("sample", "name"), EVENTS)


@dataclass(frozen=True)
class OnlySchema:
    """A registry that returns one schema for any id."""

    schema: Mapping[str, Any]

    async def by_id(self, _schema_id: int) -> str:
        return json.dumps(self.schema)


def bytes_of(sample: Mapping[str, Any]) -> bytes:
    """Return the record's value, as Debezium wrote it then."""
    return HEADER.pack(0, 1) + base64.b64decode(sample["bytes"])


def writer_of(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema that it was written with."""
    schema: dict[str, Any] = json.loads((SAMPLES / "user_event" / sample["schema"]).read_text())
    return schema


def encoded(event: Mapping[str, Any], schema: Mapping[str, Any]) -> bytes:
    """Return the record's value, as Debezium writes it with this schema."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(dict(schema)), event)
    return HEADER.pack(0, 1) + body.getvalue()


async def decoded(
    value: bytes, writer: Mapping[str, Any], reader: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the record as decoded by a projector with the reader's contract."""
    return await AvroDecoder(OnlySchema(writer), reader)(value)


def views(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return today's projections of a decoded event, in the form of samples/view."""
    user = redis_projector.projection.project(event)
    return {
        "redis": {
            "version": user.version,
            "json": None if user.json is None else user.json.decode(),
            "proto": None if user.proto is None else base64.b64encode(user.proto).decode(),
        },
        "opensearch": search_projector.projection.project(event).document,
    }
