"""The bearer token of our own clients."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from chassis.auth.client_token import bearer_token_middleware
from chassis.http.server import HttpServer
from chassis.testing import serving


async def shown(request: web.Request) -> web.Response:
    return web.Response(text=request.headers.get("Authorization", "nothing"))


@pytest.fixture
async def url() -> AsyncIterator[str]:
    http = HttpServer([web.get("/", shown)], "127.0.0.1", 0, grace=1)
    async with serving(http):
        yield f"http://127.0.0.1:{http.port}/"


async def test_each_request_sends_the_current_token_of_the_file(url: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with aiohttp.ClientSession(middlewares=bearer_token_middleware(file)) as session:
        for text, sent in (("1\n", "Bearer 1"), ("2\n", "Bearer 2"), ("\n", "nothing")):
            file.write_text(text)
            async with session.get(url) as response:
                assert await response.text() == sent


async def test_without_a_file_no_token_is_sent(url: str) -> None:
    async with (
        aiohttp.ClientSession(middlewares=bearer_token_middleware(None)) as session,
        session.get(url) as response,
    ):
        assert await response.text() == "nothing"


async def test_unreadable_file_raises_connection_error(url: str, tmp_path: Path) -> None:
    async with aiohttp.ClientSession(
        middlewares=bearer_token_middleware(tmp_path / "token")
    ) as session:
        with pytest.raises(aiohttp.ClientConnectionError, match="cannot read the token file"):
            await session.get(url)
