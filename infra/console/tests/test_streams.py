"""The status as server-sent events: one poller for all pages, and no page blocks others."""

import asyncio
import contextlib
from typing import Any

import aiohttp
import msgspec
import pytest

from chassis.testing import eventually
from console import http_api, metrics_poller, streaming, subscribers


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_poller, "EVERY", 0.02)


async def field(stream: aiohttp.ClientResponse, name: str) -> bytes:
    """Return the next line of that field."""
    async for line in stream.content:
        if line.startswith(name.encode() + b":"):
            return line.partition(b":")[2].strip()
    raise EOFError


async def figures(stream: aiohttp.ClientResponse) -> Any:
    return msgspec.json.decode(await field(stream, "data"))


async def test_page_receives_all_figures(console: Any, people: Any) -> None:
    people.failures = {"mysql": "OperationalError: gone"}
    async with console.page.get("/figures") as stream:
        assert stream.content_type == "text/event-stream"
        assert int(await field(stream, "retry")) > 0
        received = await figures(stream)
    assert received["programs"][0] == {
        "name": "redis-projector",
        "state": "not ready",
        "why": "mysql: OperationalError: gone",
    }
    assert received["projectors"][0]["lag"] == 5
    assert received["projectors"][0]["dead_letters"] == 4
    assert received["projectors"][0]["freshness"]["events"] == 0
    assert received["connector"] == {"connector": True, "task 0": False}
    assert 5 <= received["canary"] < 10


async def test_unavailable_program_is_shown_as_unavailable(
    start: Any, unused_ports: list[int]
) -> None:
    async with (
        start(f"http://127.0.0.1:{unused_ports[0]}") as console,
        console.page.get("/figures") as stream,
    ):
        received = await figures(stream)
    assert {program["state"] for program in received["programs"]} == {"unavailable"}
    assert "Cannot connect" in received["programs"][0]["why"]
    assert received["projectors"][0]["lag"] is None
    assert received["connector"] == {}
    assert received["canary"] is None


async def test_pages_share_one_poller_which_stops_without_a_page(
    console: Any, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_poller, "EVERY", 60)
    assert people.metrics_asked == 0
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            stream = await stack.enter_async_context(console.page.get("/figures"))
            assert await figures(stream)
        assert people.metrics_asked == 4  # each program once


async def test_stale_figures_are_not_sent_to_the_next_page(console: Any, people: Any) -> None:
    async with console.page.get("/figures") as stream:
        await figures(stream)

    async def left() -> None:
        assert console.subscribers.pages == 0

    await eventually(left)
    people.failures = {"redis": "away"}
    async with console.page.get("/figures") as stream:
        assert (await figures(stream))["programs"][0]["state"] == "not ready"


async def test_a_quiet_stream_is_kept_alive(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "HEARTBEAT", 0.01)
    monkeypatch.setattr(metrics_poller, "EVERY", 60)
    async with start("http://127.0.0.1:1") as console, console.page.get("/figures") as stream:
        assert await field(stream, "") == b"still here"


async def test_page_that_reads_nothing_is_disconnected(
    console: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "WRITE_WITHIN", 0.1)
    large = b'"' + b"x" * 2**23 + b'"'  # more than the sockets' buffers hold

    async def dropped() -> None:
        console.subscribers.publish(large)
        assert console.subscribers.pages == 0

    stream = await console.page.get("/figures")
    assert await figures(stream)
    await eventually(dropped)
    stream.close()


async def test_page_over_the_limit_is_rejected(
    console: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribers, "MAX_PAGES", 1)
    async with console.page.get("/figures"), console.page.get("/figures") as refused:
        assert refused.status == 503
        assert refused.content_type == "application/problem+json"


async def test_open_pages_do_not_delay_a_stop(console: Any) -> None:
    async with console.page.get("/figures") as stream:
        assert await figures(stream)
        async with asyncio.timeout(2):
            await console.metrics_poller.drain()
            await console.http.drain()
            await stream.read()
