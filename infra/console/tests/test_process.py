"""The console as a process: starts without dependencies; an open page does not delay a stop."""

import asyncio
from typing import Any

import aiohttp


async def test_console_starts_without_dependencies_and_stops_with_a_page_open(
    started: Any, unused_ports: list[int]
) -> None:
    unused_port, http, admin, *_ = unused_ports
    settings = {
        "CONSOLE_HTTP_PORT": str(http),
        "CONSOLE_ADMIN_PORT": str(admin),
        "CONSOLE_KAFKA_BOOTSTRAP": f"127.0.0.1:{unused_port}",
        "CONSOLE_COMMAND_URL": f"http://127.0.0.1:{unused_port}",
    }
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{http}") as page,
        started("console", settings, admin),
    ):
        stream = await page.get("/figures")
        assert await asyncio.wait_for(stream.content.readline(), 5) == b"retry: 2000\n"
