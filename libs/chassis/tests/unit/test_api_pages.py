"""OpenAPI document and docs page: served without other hosts, compressed, cacheable."""

import json
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from prometheus_client import REGISTRY

from chassis.http import openapi_docs
from chassis.http.server import HttpServer
from chassis.testing import serving

DOCUMENT = json.dumps({"openapi": "3.1.1"}).encode()
PARTS = ["/openapi.json", "/docs", "/docs/page.js", "/docs/swagger-ui.css"]


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    http = HttpServer(openapi_docs.routes(DOCUMENT), "127.0.0.1", 0, grace=1)
    async with serving(http), ClientSession(f"http://127.0.0.1:{http.port}") as session:
        yield session


async def test_docs_page_loads_only_local_files(session: ClientSession) -> None:
    async with session.get("/docs") as response:
        page = await response.text()
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    for path in [name for name in named if name != "data:,"]:
        async with session.get(f"/{path}") as part:
            assert part.status == 200, path


@pytest.mark.parametrize("path", PARTS)
async def test_known_entity_tag_returns_304(session: ClientSession, path: str) -> None:
    async with session.get(path) as first:
        tag = first.headers["ETag"]
    async with session.get(path, headers={"If-None-Match": tag}) as again:
        assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize("path", PARTS)
async def test_gzip_and_plain_content_are_equal(session: ClientSession, path: str) -> None:
    async with session.get(path, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        body = await packed.read()
    async with session.get(path, headers={"Accept-Encoding": "identity"}) as plain:
        assert "Content-Encoding" not in plain.headers
        assert await plain.read() == body


async def test_unknown_asset_returns_404_without_a_metric_label(session: ClientSession) -> None:
    async with session.get("/docs/plugin.py") as response:
        assert response.status == 404
    labels = {"protocol": "http", "method": "GET", "route": "/docs/{asset}", "status": "404"}
    assert REGISTRY.get_sample_value("request_duration_seconds_count", labels)
