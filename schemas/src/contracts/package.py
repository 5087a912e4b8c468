"""The files that the package of an aggregate's contracts carries; see schemas/README.md."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


class ContractPackage:
    """The contracts of one aggregate, as `make gen` writes them into its package."""

    def __init__(self, package: str, name: str, plural: str) -> None:
        self._files = files(package)
        self._name = name
        self._plural = plural
        self.avro_schema = cache(self._avro_schema)
        self.opensearch_index = cache(self._opensearch_index)
        self.descriptors = cache(self._descriptors)
        self.openapi = cache(self._openapi)

    def _avro_schema(self) -> dict[str, Any]:
        """Return the value of a record on the aggregate's topic: schemas/avro."""
        return self._json(f"{self._name}_event.avsc")

    def _opensearch_index(self) -> dict[str, Any]:
        """Return the settings and the mapping of the search view: schemas/views."""
        return self._json(f"opensearch-{self._plural}.json")

    def _descriptors(self) -> bytes:
        """Return the protobuf FileDescriptorSet, imports included, for gRPC reflection."""
        return self._files.joinpath("proto/descriptors.binpb").read_bytes()

    def _openapi(self, api: str) -> bytes:
        """Return the OpenAPI document of one of the aggregate's APIs: schemas/openapi."""
        return self._files.joinpath("data", f"{api}.openapi.json").read_bytes()

    def _json(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self._files.joinpath("data", name).read_text("utf-8"))
        return content
