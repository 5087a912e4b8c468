"""The OpenAPI documents are valid, and each shared part is written once."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from user_contracts import openapi

FOLDER = Path(__file__).parents[1] / "openapi"
APIS = ("command-api", "query-api", "search-api")


def written(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    return document


@pytest.mark.parametrize("api", APIS)
def test_served_documents_are_valid_openapi(api: str) -> None:
    validate(yaml.safe_load(openapi(api)), cls=OpenAPIV31SpecValidator)


def test_shared_parts_are_valid_openapi() -> None:
    shared = written("shared")
    shared["info"]["version"] = "0"  # of a document it is what `make gen` adds
    validate(shared, cls=OpenAPIV31SpecValidator)


@pytest.mark.parametrize("api", APIS)
def test_no_document_duplicates_a_shared_part(api: str) -> None:
    for common in ("shared", "user"):
        shared = written(common)["components"]
        for section, parts in written(api).get("components", {}).items():
            assert not parts.keys() & shared.get(section, {}).keys()
