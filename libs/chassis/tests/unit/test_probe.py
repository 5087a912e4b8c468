"""The health check of a container exits with 0 only while /readyz reports ready."""

import asyncio
import sys
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.stack.measured import MEASURED


async def probe(**environment: str) -> tuple[int | None, str]:
    """Return the exit code and the output."""
    command = (sys.executable, "-m", "chassis.process.probe")
    process = await asyncio.create_subprocess_exec(
        *command, env=environment | MEASURED, stderr=asyncio.subprocess.PIPE
    )
    _, output = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
async def test_a_service_is_healthy_when_it_is_ready(status: int, code: int) -> None:
    paths = []

    async def readyz(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    async with TestServer(app) as server:
        ended, output = await probe(QUERY_API_ADMIN_PORT=str(server.port), QUERY_API_HTTP_PORT="1")
    assert ended == code, output
    assert paths == ["/readyz"]


@pytest.mark.parametrize("ports", [{}, {"A_ADMIN_PORT": "1", "B_ADMIN_PORT": "2"}])
async def test_probe_without_one_port_reports_the_variable(ports: dict[str, Any]) -> None:
    code, output = await probe(**ports)
    assert code == 1
    assert "_ADMIN_PORT" in output


async def test_a_service_that_does_not_listen_is_not_healthy() -> None:
    code, output = await probe(QUERY_API_ADMIN_PORT="1")
    assert code == 1
    assert output.startswith("port 1: ")
