"""Client and connection settings of OpenSearch: address, user, TLS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from opensearchpy import AsyncOpenSearch, JSONSerializer, SerializationError
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class OpenSearchSettings(BaseSettings):
    """OpenSearch's part of a service's settings."""

    opensearch_url: str = Field(
        "http://127.0.0.1:9200",
        description="URL of OpenSearch; https:// for TLS. Several nodes: comma-separated.",
    )
    opensearch_user: str | None = Field(None, description="OpenSearch user (HTTP basic).")
    opensearch_password: SecretStr | None = Field(None, description="Password of that user.")
    opensearch_ca_file: Path | None = Field(
        None,
        description="CA certificates that verify OpenSearch's certificate; unset: the public CAs.",
    )


class _Json(JSONSerializer):
    """The client's serializer, with msgspec: a third of the time to read, a tenth to write."""

    def dumps(self, data: Any) -> Any:
        if isinstance(data, str | bytes):
            return data
        try:
            return msgspec.json.encode(data)
        except (TypeError, ValueError) as error:
            raise SerializationError(data, error) from error

    def loads(self, s: str) -> Any:
        try:
            return msgspec.json.decode(s)
        except msgspec.DecodeError as error:
            raise SerializationError(s, error) from error


@asynccontextmanager
async def connected(
    settings: OpenSearchSettings, within: float, **options: Any
) -> AsyncIterator[AsyncOpenSearch]:
    """Yield a client whose calls take at most `within` seconds and try each node at most once."""
    if settings.opensearch_user and settings.opensearch_password:
        password = settings.opensearch_password.get_secret_value()
        options["http_auth"] = (settings.opensearch_user, password)
    if settings.opensearch_ca_file:
        options["ca_certs"] = str(settings.opensearch_ca_file)
    nodes = settings.opensearch_url.split(",")
    options["serializer"] = _Json()
    client = AsyncOpenSearch(nodes, timeout=within, max_retries=len(nodes) - 1, **options)
    try:
        yield client
    finally:
        pool: Any = client.transport.connection_pool
        # Its own close() skips unavailable nodes.
        for connection in getattr(pool, "orig_connections", pool.connections):
            await connection.close()
