"""The proxy of Prometheus, Grafana, Jaeger and the Kafka UI in compose: its real rules (H6)."""

import asyncio
import os
import platform
import re
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chassis.testing import eventually
from local_stack.debian import load_packages, os_release
from local_stack.layout import INFRA, cache
from local_stack.provision import unpacked

pytestmark = pytest.mark.e2e
CONFIGURATION = INFRA / "proxy" / "observability.cfg"
PUBLISHED = (9090, 3100, 16686, 8090)
OURS = [
    {"Host": "localhost:8090"},
    {"Host": "127.0.0.1:8090", "Origin": "http://127.0.0.1:8090"},
    {"Host": "[::1]", "Origin": "http://localhost:3000"},
]
FOREIGN = [
    {"Host": "evil.test:8090"},
    {"Host": "localhost.evil.test"},
    {"Host": "evil.test:8090", "Origin": "http://evil.test:8090"},
    {"Host": "localhost:8090", "Origin": "http://evil.test"},
    {"Host": "localhost:8090", "Origin": "null"},
]


def haproxy() -> tuple[str, dict[str, str]]:
    """Return the machine's haproxy, else the distribution's, unpacked; and its environment."""
    if own := shutil.which("haproxy"):
        return own, {}
    content = unpacked(load_packages(os_release(), platform.machine()), cache())
    libraries = content / "usr/lib/x86_64-linux-gnu"
    return str(content / "usr/sbin/haproxy"), {"LD_LIBRARY_PATH": str(libraries)}


async def served(_request: web.Request) -> web.Response:
    return web.Response(text="served")


@pytest.fixture
async def ports(unused_ports: list[int], tmp_path: Path) -> AsyncIterator[list[int]]:
    """Return the ports of the four, in front of a server that accepts every request."""
    app = web.Application()
    app.router.add_route("*", "/", served)
    async with TestServer(app) as server:
        text = CONFIGURATION.read_text()
        for published, port in zip(PUBLISHED, unused_ports, strict=True):
            text = text.replace(f"bind :{published}", f"bind 127.0.0.1:{port}")
            text = text.replace(f"dst_port {published}", f"dst_port {port}")
        text = re.sub(r"(    server \S+) \S+", rf"\1 127.0.0.1:{server.port}", text)
        (tmp_path / "haproxy.cfg").write_text(text)
        program, environment = await asyncio.to_thread(haproxy)
        process = await asyncio.create_subprocess_exec(
            program, "-db", "-f", tmp_path / "haproxy.cfg", env=os.environ | environment
        )
        yield unused_ports
        process.terminate()
        await process.wait()


async def listens(port: int) -> None:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        raise AssertionError(error) from error
    writer.close()


async def status(port: int, method: str, headers: dict[str, str]) -> int:
    url = f"http://127.0.0.1:{port}/"
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, headers=headers) as answer,
    ):
        return answer.status


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_only_pages_of_this_machine_are_served(ports: list[int], method: str) -> None:
    for port in ports:
        await eventually(partial(listens, port))
        for headers in OURS:
            assert await status(port, method, headers) == 200, headers
        for headers in FOREIGN:
            assert await status(port, method, headers) == 403, headers
