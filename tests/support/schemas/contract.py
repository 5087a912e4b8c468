"""Validation of the APIs' responses against the OpenAPI documents."""

import json
import re
from functools import cache
from typing import Any

import aiohttp
import jsonschema_rs

from chassis.problems import STATUS_BY_KIND, Kind
from user_contracts import openapi

Json = dict[str, Any]
# Headers that carry meaning; one that is sent must be documented.
TOLD = ("ETag", "Link", "Location", "Retry-After", "WWW-Authenticate")


async def check(api: str, response: aiohttp.ClientResponse) -> None:
    """Raise AssertionError unless the API's document has this status, these headers, this body."""
    document = _document(api)
    item = _path_item(document, response.url.path)
    operation = item and item.get("get" if response.method == "HEAD" else response.method.lower())
    if not operation:
        kind = Kind.METHOD_NOT_ALLOWED if item else Kind.NO_SUCH_ROUTE
        await _check_undocumented(document, item or {}, kind, response)
        return
    assert str(response.status) in operation["responses"], f"{response.status} is not documented"
    documented = _resolved(document, operation["responses"][str(response.status)])
    _check_headers(document, documented.get("headers", {}), response)
    await _check_body(document, documented.get("content", {}), response)


async def _check_undocumented(
    document: Json, item: Json, kind: Kind, response: aiohttp.ClientResponse
) -> None:
    assert response.status == STATUS_BY_KIND[kind].http
    allowed = {m.strip() for m in response.headers.get("Allow", "").split(",")} - {"HEAD", ""}
    assert allowed == {name.upper() for name in item if name != "parameters"}
    if response.method != "HEAD":
        problem = await response.json(content_type="application/problem+json")
        assert problem["type"] == f"urn:problem:{kind}"
        validate(document, {"$ref": "#/components/schemas/Problem"}, problem)


def _check_headers(document: Json, headers: Json, response: aiohttp.ClientResponse) -> None:
    assert {name for name in TOLD if name in response.headers} <= headers.keys()
    for name, reference in headers.items():
        header, value = _resolved(document, reference), response.headers.get(name)
        assert value or not header.get("required"), f"{name} is missing"
        if value:
            is_number = header["schema"]["type"] == "integer"
            validate(document, header["schema"], int(value) if is_number else value)


async def _check_body(document: Json, content: Json, response: aiohttp.ClientResponse) -> None:
    body = await response.read()
    if not content or response.method == "HEAD":
        assert not body
        return
    assert response.content_type in content, f"{response.content_type} is not documented"
    schema = content[response.content_type]["schema"]
    is_json = response.content_type.endswith("json")
    validate(document, _closed(schema), json.loads(body) if is_json else body.decode())


def validate(document: Json, schema: Json, instance: object) -> None:
    """Raise AssertionError unless the instance is valid by a schema of the document."""
    whole = schema | {"components": document["components"]}
    try:
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(instance)
    except jsonschema_rs.ValidationError as error:
        raise AssertionError(str(error)) from error


@cache
def _document(api: str) -> Json:
    document: Json = json.loads(openapi(api))
    schemas = document["components"]["schemas"]
    document["components"]["schemas"] = {name: _closed(each) for name, each in schemas.items()}
    return document


def _closed(schema: Json) -> Json:
    """Forbid undocumented fields: clients must accept new fields, these tests must not."""
    return schema | {"unevaluatedProperties": False} if "properties" in schema else schema


def _path_item(document: Json, path: str) -> Json | None:
    """Return the path item for a path; those without parameters take precedence."""
    for template in sorted(document["paths"], key=lambda template: template.count("{")):
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            return _resolved(document, document["paths"][template])
    return None


def _resolved(document: Json, node: Json) -> Json:
    if "$ref" not in node:
        return node
    _, _, section, name = node["$ref"].split("/")
    found: Json = document["components"][section][name]
    return found
