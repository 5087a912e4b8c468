"""How a service gets to OpenSearch: its address, who logs in, and TLS."""

from pathlib import Path
from typing import Any

from opensearchpy import AsyncOpenSearch
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class OpenSearchSettings(BaseSettings):
    """Part of a service's settings."""

    opensearch_url: str = Field(
        "http://127.0.0.1:9200",
        description="Where OpenSearch is; https:// is TLS. Several nodes: with commas between.",
    )
    opensearch_user: str | None = Field(None, description="Who logs in (HTTP basic).")
    opensearch_password: SecretStr | None = Field(None, description="That user's password.")
    opensearch_ca_file: Path | None = Field(
        None,
        description="The authority that OpenSearch's certificate is checked by; "
        "unset: the public ones.",
    )


def client(settings: OpenSearchSettings, timeout: float, **options: Any) -> AsyncOpenSearch:
    """A client whose calls take at most `timeout` seconds, and go once to a node at most."""
    if settings.opensearch_user and settings.opensearch_password:
        password = settings.opensearch_password.get_secret_value()
        options["http_auth"] = (settings.opensearch_user, password)
    if settings.opensearch_ca_file:
        options["ca_certs"] = str(settings.opensearch_ca_file)
    nodes = settings.opensearch_url.split(",")
    return AsyncOpenSearch(nodes, timeout=timeout, max_retries=len(nodes) - 1, **options)
