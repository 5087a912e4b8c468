"""The Confluent wire format, read with the writer's schema into the reader's."""

import io
import json
import socket
from typing import Any

import fastavro
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from chassis.problems import Unavailable
from chassis.stores.errors.failure import StoreError
from projections.kafka.avro import HEADER, AvroDecoder, RegistrySchemas
from projections.ports import Undecodable

NAME = {"name": "name", "type": "string"}
NICK = {"name": "nick", "type": ["null", "string"], "default": None}
OLD: dict[str, Any] = {"type": "record", "name": "Person", "fields": [NAME]}
NEW: dict[str, Any] = {"type": "record", "name": "Person", "fields": [NAME, NICK]}


class Known:
    """A registry with one old schema, until it becomes unavailable."""

    def __init__(self) -> None:
        self.is_unavailable = False
        self.requests = 0

    async def by_id(self, schema_id: int) -> str:
        self.requests += 1
        if self.is_unavailable:
            raise Unavailable("registry")
        if schema_id != 7:
            raise Undecodable(f"unknown schema id {schema_id}")
        return json.dumps(OLD)


def written(name: str, schema_id: int = 7) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(OLD), {"name": name})
    return HEADER.pack(0, schema_id) + body.getvalue()


async def test_an_old_record_reads_as_the_new_shape() -> None:
    assert await AvroDecoder(Known(), NEW)(written("Žižek")) == {"name": "Žižek", "nick": None}


async def test_a_known_schema_needs_no_registry() -> None:
    registry = Known()
    decode = AvroDecoder(registry, NEW)
    await decode(written("Ann"))
    registry.is_unavailable = True
    await decode(written("Bob"))
    assert registry.requests == 1


@pytest.mark.parametrize("accepts", [True, False], ids=["no answer", "refused"])
async def test_unreachable_registry_is_unavailable(*, accepts: bool) -> None:
    """The registry's client raises its HTTP library's error; classify must know it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if not accepts:
            server.close()
        with pytest.raises(Unavailable, match="schema registry is unavailable"):
            await RegistrySchemas(f"http://127.0.0.1:{port}", timeout=0.2).by_id(7)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, {"error_code": 40403, "message": "Schema 7 not found"}, Undecodable),
        (404, {"error_code": 40401, "message": "Subject not found"}, StoreError),
        (500, {"error_code": 50001, "message": "store"}, Unavailable),
        (200, {"schemaType": "AVRO"}, Undecodable),
    ],
    ids=["unknown", "another 404", "broken", "no text"],
)
async def test_response_of_the_registry_decides_what_happens_to_the_record(
    status: int, body: dict[str, Any], error: type[Exception]
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers={"Connection": "close"})

    app = web.Application()
    app.router.add_get("/schemas/ids/7", answer)
    async with TestServer(app) as server:
        with pytest.raises(error):
            await RegistrySchemas(str(server.make_url("")).rstrip("/")).by_id(7)


async def test_writers_schema_that_is_not_avro_is_undecodable() -> None:
    class Broken(Known):
        async def by_id(self, schema_id: int) -> str:
            return "{}"

    with pytest.raises(Undecodable, match="not Avro"):
        await AvroDecoder(Broken(), NEW)(written("Ann"))


async def test_an_unknown_schema_is_undecodable_but_a_missing_registry_is_not() -> None:
    registry = Known()
    decode = AvroDecoder(registry, NEW)
    with pytest.raises(Undecodable, match="id 8"):
        await decode(written("Ann", schema_id=8))
    registry.is_unavailable = True
    with pytest.raises(Unavailable):
        await decode(written("Ann"))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00",
        b"\x01" + written("Ann")[1:],
        written("Ann")[:-1],
        written("Ann") + b"x",
        HEADER.pack(0, 7) + b"\xff" * 12,
    ],
)
async def test_broken_bytes_are_undecodable(payload: bytes) -> None:
    with pytest.raises(Undecodable):
        await AvroDecoder(Known(), NEW)(payload)


@given(st.binary(max_size=64))
async def test_any_bytes_decode_or_are_undecodable(payload: bytes) -> None:
    try:
        await AvroDecoder(Known(), NEW)(payload)
    except Undecodable:
        pass
