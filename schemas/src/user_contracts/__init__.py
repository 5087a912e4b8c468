"""The contracts between the services, generated from schemas/; see schemas/README.md."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def avro_schema() -> dict[str, Any]:
    """Return the Avro schema of the records on user.events: schemas/avro/user_event.avsc."""
    return _json("user_event.avsc")


@cache
def opensearch_index() -> dict[str, Any]:
    """Return settings and mapping of the search view: schemas/views/opensearch-users.json."""
    return _json("opensearch-users.json")


@cache
def descriptors() -> bytes:
    """Return the FileDescriptorSet of user.v1, with its imports, for gRPC reflection."""
    return files(__name__).joinpath("proto/descriptors.binpb").read_bytes()


@cache
def openapi(api: str) -> bytes:
    """Return the OpenAPI document of command-api, query-api or search-api: schemas/openapi."""
    return files(__name__).joinpath("data", f"{api}.openapi.json").read_bytes()


def _json(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files(__name__).joinpath("data", name).read_text("utf-8"))
    return content
