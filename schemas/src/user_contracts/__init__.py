"""The contracts between the services, generated from schemas/; see schemas/README.md."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def avro_schema() -> dict[str, Any]:
    """The value of a record on user.events: schemas/avro/user_event.avsc."""
    return _json("user_event.avsc")


@cache
def opensearch_index() -> dict[str, Any]:
    """Settings and mapping of the search view: schemas/views/opensearch-users.json."""
    return _json("opensearch-users.json")


@cache
def descriptors() -> bytes:
    """The protobuf FileDescriptorSet of user.v1, imports included, for gRPC reflection."""
    return files(__name__).joinpath("proto/descriptors.binpb").read_bytes()


@cache
def openapi(api: str) -> bytes:
    """The OpenAPI document of command-api, query-api or search-api: schemas/openapi."""
    return files(__name__).joinpath("data", f"{api}.openapi.json").read_bytes()


def _json(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files(__name__).joinpath("data", name).read_text("utf-8"))
    return content
