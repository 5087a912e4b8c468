"""Avro in the Confluent wire format: a zero byte, the schema's id in 4 bytes, the body.

Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/
"""

import asyncio
import io
import struct
from collections.abc import Mapping
from typing import Any, Protocol

import fastavro
import msgspec
from confluent_kafka.schema_registry import AsyncSchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from chassis.stores.errors import http
from chassis.stores.errors.calls import translated
from projections.ports import Undecodable

HEADER = struct.Struct(">bI")


class Schemas(Protocol):
    """Source of writers' schemas, by id."""

    async def by_id(self, schema_id: int) -> str:
        """Return the schema's JSON text; raises Undecodable for an unknown id, and only then.

        Raises Unavailable and StoreError for failures of the registry.
        """


class RegistrySchemas:
    """Client of the schema registry, with a timeout in seconds."""

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        self._client = AsyncSchemaRegistryClient({"url": url, "timeout": timeout, "max.retries": 0})
        self._timeout = timeout

    async def by_id(self, schema_id: int) -> str:
        with translated("schema registry", "schema by id", http.classify):
            try:
                async with asyncio.timeout(self._timeout):
                    schema = await self._client.get_schema(schema_id)
            except SchemaRegistryError as error:
                if http.is_unknown_schema(error):
                    raise Undecodable(f"unknown schema id {schema_id}") from None
                raise
        if schema.schema_str is None:
            raise Undecodable(f"the schema {schema_id} has no text")
        return schema.schema_str


class AvroDecoder:
    """Decodes any version of a record as the one version that the reader knows.

    Schemas are cached for ever (an id never changes its schema), so known schemas stay usable while
    the registry is unavailable.
    """

    def __init__(self, schemas: Schemas, reader: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._reader = fastavro.parse_schema(dict(reader))
        self._writers: dict[int, tuple[Any, Any]] = {}

    async def __call__(self, payload: bytes) -> Mapping[str, Any]:
        """Return the record; raises Undecodable, or Unavailable if its schema is not available."""
        if len(payload) < HEADER.size or payload[0] != 0:
            raise Undecodable("not in the Confluent wire format")
        schema_id = HEADER.unpack_from(payload)[1]
        pair = self._writers.get(schema_id)
        if pair is None:
            writer = _parsed(await self._schemas.by_id(schema_id))
            # fastavro would compare the two for each record, which is a fifth of its time.
            reader = None if writer == self._reader else self._reader
            pair = self._writers[schema_id] = writer, reader
        return _read(payload, *pair)


def _parsed(schema: str) -> Any:
    try:
        return fastavro.parse_schema(msgspec.json.decode(schema))
    except Exception as error:  # an untrusted schema: the parser may raise anything
        raise Undecodable(f"the writer's schema is not Avro: {error}") from error


def _read(payload: bytes, writer: Any, reader: Any) -> Mapping[str, Any]:
    body = io.BytesIO(payload)
    body.seek(HEADER.size)
    try:
        record = fastavro.schemaless_reader(body, writer, reader)
    except Exception as error:  # untrusted bytes: the decoder may raise anything
        raise Undecodable(f"the body does not match its schema: {error!r}") from error
    if body.tell() != len(payload) or not isinstance(record, dict):
        raise Undecodable("the body does not match its schema: bytes are left over")
    return record
