"""Records of the topic: Avro, then both projections; yields a view's change or a dead letter."""

import io
from random import Random
from typing import Any

import fastavro
import msgspec

import redis_projector.projection
import search_projector.projection
from projections.kafka.avro import HEADER, AvroDecoder
from projections.ports import Undecodable
from tests.component.fuzz.fuzz_targets import apis
from tests.component.fuzz.http2_mutation import Raw
from tests.support.fakes.stepwise import at_once
from user_contracts import avro_schema

TEXTS = ["", "UserCreated", "UserRenamed", "UserDeleted", "0001-01-01T00:00:00+14:00"]
TEXTS += [
    "9999-12-31T23:59:59-10:00",
    "2026-W01-1",
    "20260101T000000Z",
    "24:00",
    "\0",
    "\ufdfa" * 50,
]


class _OneSchema:
    async def by_id(self, schema_id: int) -> str:
        if schema_id != 1:
            raise Undecodable(f"unknown schema id {schema_id}")
        return msgspec.json.encode(avro_schema()).decode()


_decode = AvroDecoder(_OneSchema(), avro_schema())


def run(data: bytes) -> None:
    """Project the input; raise AssertionError for a find, and errors that would end a projector."""
    try:
        record = at_once(_decode(data))
        into_view = redis_projector.projection.project(record)
        into_index = search_projector.projection.project(record)
    except Undecodable:
        return
    assert (into_view.key, into_view.version) == (into_index.key, into_index.version)
    msgspec.json.encode(into_index.document)


def seeds() -> dict[str, bytes]:
    """Return events of all types, and times in many formats."""
    event = apis.EVENTS[1]
    others: dict[str, dict[str, Any]] = {
        "created": {},
        "renamed": {"type": "UserRenamed", "version": 2, "traceparent": "00-1-2-01"},
        "deleted": {"type": "UserDeleted", "first_name": None, "last_name": None},
        "no-zone": {"created_at": "2026-01-01T00:00:00"},
        "a-zone": {"occurred_at": "2026-01-01T00:00:00.123456+02:00"},
        "a-week": {"occurred_at": "2026-W01-1T00:00"},
        "another-id": {"user_id": "{urn:uuid:01890000000070008000000000000001}"},
        "unknown": {"type": "UserMoved"},
        "no-name": {"first_name": None},
        "ligature": {"last_name": "\ufdfa" * 9},
    }
    return {name: written(event | other) for name, other in others.items()}


def mutate(data: bytes, most: int, seed: int, raw: Raw) -> bytes:
    """Return another value of one field, or other bytes."""
    random = Random(seed)
    try:
        event = dict(at_once(_decode(data)))
    except Undecodable:
        return raw(data, most)
    field = random.choice([*event, ""])
    if not field:
        return raw(data, most)
    event[field] = _other(event[field], random, raw)
    return written(event)[:most]


def _other(value: Any, random: Random, raw: Raw) -> Any:
    if isinstance(value, int):
        return random.choice([0, 1, -1, value ^ 1, 2**31, 2**32, 2**63 - 1, -(2**63)])
    if random.random() < 0.5:
        return random.choice(TEXTS)
    return raw(str(value).encode(), 100).decode(errors="replace")


def written(event: dict[str, Any]) -> bytes:
    """Return the record of an event."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(avro_schema()), event)
    return HEADER.pack(0, 1) + body.getvalue()
