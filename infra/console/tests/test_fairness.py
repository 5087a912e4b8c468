"""Limits for each client of the console; commands of other clients continue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from console import commands, http_api, subscribers

ATTACKER, OPERATOR = "127.0.0.1", "127.0.0.2"
NAMES = {"first_name": "Ada", "last_name": "Lovelace"}
UNFINISHED = (
    b"POST /user HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{"
)


@asynccontextmanager
async def client(console: Any, address: str) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(local_addr=(address, 0), limit=0)
    url = f"http://127.0.0.1:{console.http.port}"
    async with aiohttp.ClientSession(url, connector=connector) as session:
        yield session


@asynccontextmanager
async def both(console: Any) -> AsyncIterator[tuple[aiohttp.ClientSession, aiohttp.ClientSession]]:
    """Open sessions of an attacker, and of an operator at another address."""
    async with client(console, ATTACKER) as attacker, client(console, OPERATOR) as operator:
        yield attacker, operator


async def test_streams_of_one_client_leave_room_for_the_operator(console: Any) -> None:
    async with both(console) as (attacker, operator), AsyncExitStack() as stack:
        for _ in range(subscribers.MAX_PAGES // 2):
            stream = await stack.enter_async_context(attacker.get("/figures"))
            assert stream.status == 200
        async with attacker.get("/figures") as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        async with operator.get("/figures") as stream:
            assert stream.status == 200
        async with attacker.post("/user", json=NAMES) as response:  # streams are no commands
            assert response.status == 200


async def test_slow_bodies_take_no_command_slot(console: Any) -> None:
    port = console.http.port
    writers = [
        (await asyncio.open_connection("127.0.0.1", port))[1]
        for _ in range(commands.MAX_RUNNING + http_api.MAX_READS)
    ]
    for number, writer in enumerate(writers):
        is_command = number < commands.MAX_RUNNING
        writer.write(UNFINISHED if is_command else UNFINISHED.replace(b"POST", b"GET"))
        await writer.drain()
    try:
        async with both(console) as (attacker, operator):
            for session in (attacker, operator):
                async with session.post("/user", json=NAMES) as response:
                    assert response.status == 200
                async with session.get("/user") as response:
                    assert response.status == 200
    finally:
        for writer in writers:
            writer.transport.abort()


async def test_commands_of_one_client_leave_room_for_the_operator(
    console: Any, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MAX_RUNNING", 4)
    people.shows = False  # so that each is followed for the maximal time
    async with both(console) as (attacker, operator), AsyncExitStack() as stack:
        for _ in range(2):
            followed = await stack.enter_async_context(attacker.post("/user", json=NAMES))
            assert followed.status == 200
        async with attacker.post("/user", json=NAMES) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        async with operator.post("/user", json=NAMES) as response:
            assert response.status == 200
