"""The documents equal the code: routes, methods, versions, problems."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
from aiohttp import ClientSession, web

from chassis.problems import STATUS_BY_KIND, Kind
from tests.support.schemas import contract
from user_contracts import openapi

PLAIN = ["/", "/openapi.json", "/docs", "/docs/page.js", "/docs/swagger-ui.css"]
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def document(api: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(openapi(api))
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each documented (method, path)."""
    for path, item in document["paths"].items():
        if "$ref" in item:
            item = document["components"]["pathItems"][item["$ref"].rsplit("/", 1)[1]]  # noqa: PLW2901 - the same one
        yield from ((method.upper(), path) for method in item if method != "parameters")


def test_routes_and_documented_operations_are_the_same(
    routes: list[web.RouteDef], document: dict[str, Any]
) -> None:
    app = web.Application()
    app.add_routes(routes)
    served = {(r.method, r.resource.canonical) for r in app.router.routes() if r.resource}
    assert {route for route in served if route[0] != "HEAD"} == set(operations(document))


def test_the_version_is_the_service_s(api: str, document: dict[str, Any]) -> None:
    assert (document["info"]["title"], document["info"]["version"]) == (api, version(api))


async def test_undocumented_method_is_405(
    api: str, document: dict[str, Any], session: ClientSession
) -> None:
    for path in document["paths"]:
        for method in ("OPTIONS", "TRACE", "PUT", "PROPFIND"):
            async with session.request(method, re.sub(r"{\w+}", UNKNOWN_ID, path)) as response:
                assert response.status == 405, (method, path)
                await contract.check(api, response)


async def test_head_equals_get_without_a_body(
    api: str, document: dict[str, Any], session: ClientSession
) -> None:
    for method, path in operations(document):
        if method == "GET":
            url = re.sub(r"{\w+}", UNKNOWN_ID, path)
            async with session.get(url) as got, session.head(url) as headed:
                assert (got.status, got.content_type) == (headed.status, headed.content_type)
                assert got.headers["Content-Length"] == headed.headers["Content-Length"]
                await contract.check(api, got)
                await contract.check(api, headed)


@pytest.mark.parametrize("path", PLAIN)
async def test_the_pages_are_as_documented(api: str, path: str, session: ClientSession) -> None:
    async with session.get(path) as response:
        assert response.status == 200
        await contract.check(api, response)


async def test_the_document_served_is_the_contract(api: str, session: ClientSession) -> None:
    async with session.get("/openapi.json") as response:
        assert await response.read() == openapi(api)


def test_documented_problems_equal_the_problem_table(document: dict[str, Any]) -> None:
    responses = document["components"]["responses"]
    contents = [response.get("content", {}) for response in responses.values()]
    problems = [content["application/problem+json"] for content in contents if content]
    assert problems
    for problem in problems:
        examples = [e["value"] for e in problem.get("examples", {}).values()]
        for example in examples or [problem["example"]]:
            row = STATUS_BY_KIND[Kind(example["type"].removeprefix("urn:problem:"))]
            assert (example["status"], example["title"]) == (row.http, row.title)
            contract.validate(document, problem["schema"], example)
