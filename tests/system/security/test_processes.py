"""The commands as started by users: closed by default, and working with tokens required."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chassis.http.server import HttpServer
from chassis.testing import eventually, serving
from tests.support.clients.tokens import AUDIENCE, ISSUER, bearer, jwk, token

BIN = Path(sys.executable).parent
GRANTED = {"PATH": os.environ["PATH"]}
PUBLIC = ("command-api", "query-api", "search-api", "console", "demo")
NEEDED = {"COMMAND_API_MYSQL_PASSWORD": "x"}


def prefix(command: str) -> str:
    return command.upper().replace("-", "_")


@pytest.mark.parametrize("command", PUBLIC)
def test_command_refuses_non_loopback_host_without_authentication(command: str) -> None:
    environment = GRANTED | NEEDED | {f"{prefix(command)}_HOST": "0.0.0.0"}
    environment = {
        k: v for k, v in environment.items() if k in GRANTED or k.startswith(prefix(command))
    }
    done = subprocess.run(
        [BIN / command], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "HOST 0.0.0.0 is not a loopback address" in done.stderr
    assert "ALLOW_ANONYMOUS=true" in done.stderr
    assert "Traceback" not in done.stderr


def consecutive() -> int:
    """Return the first of three free ports."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
            try:
                for number in (1, 2):
                    socket.create_server(("127.0.0.1", port + number)).close()
            except OSError:
                continue
            return port


@pytest.fixture
async def issuer() -> AsyncIterator[str]:
    """Serve the keys; return the URL."""

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [jwk("EdDSA"), jwk("ES256")]})

    http = HttpServer([web.get("/keys", keys)], "127.0.0.1", 0, grace=1)
    async with serving(http):
        yield f"http://127.0.0.1:{http.port}/keys"


@pytest.fixture
async def people(issuer: str, started: Any, unused_ports: list[int]) -> AsyncIterator[int]:
    """Run all three APIs with tokens required; return the first one's port."""
    port, admin = consecutive(), unused_ports[0]
    settings = {
        "HTTP_PORT": port,
        "GRPC_PORT": consecutive(),
        "ADMIN_PORT": admin,
        "JWKS_URL": issuer,
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
    }
    named = {f"DEMO_{name}": str(value) for name, value in settings.items()}
    async with started("demo", named, admin):
        yield port


async def test_keys_are_fetched_from_a_url(people: int) -> None:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{people + 1}") as query:
        for headers, status in ((bearer(token()), 200), (bearer("guess"), 401), ({}, 401)):
            async with query.get("/user", headers=headers) as response:
                assert response.status == status


async def metric(admin: int, line: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{admin}/metrics") as response,
    ):
        assert line in (await response.text()).splitlines()


async def test_canary_sends_the_token_of_its_file(
    people: int, started: Any, unused_ports: list[int], tmp_path: Path
) -> None:
    file, admin = tmp_path / "token", unused_ports[1]
    file.write_text(token("users:read users:write"))
    urls = {
        f"CANARY_{name}_URL": f"http://127.0.0.1:{people + number}"
        for number, name in enumerate(("COMMAND", "QUERY", "SEARCH"))
    }
    settings = urls | {"CANARY_ADMIN_PORT": str(admin), "CANARY_TOKEN_FILE": str(file)}
    async with started("canary", settings, admin):
        line = 'canary_probes_total{outcome="ok"} 1.0'
        await eventually(lambda: metric(admin, line), within=20)


async def test_console_sends_the_token_of_its_file(
    people: int, started: Any, unused_ports: list[int], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(token("users:read"))
    page, admin, unused_port = unused_ports[1:]
    settings = {
        "CONSOLE_HTTP_PORT": page,
        "CONSOLE_ADMIN_PORT": admin,
        "CONSOLE_COMMAND_URL": f"http://127.0.0.1:{people}",
        "CONSOLE_QUERY_URL": f"http://127.0.0.1:{people + 1}",
        "CONSOLE_SEARCH_URL": f"http://127.0.0.1:{people + 2}",
        "CONSOLE_KAFKA_BOOTSTRAP": f"127.0.0.1:{unused_port}",
        "CONSOLE_TOKEN_FILE": tmp_path / "token",
    }
    named = {name: str(value) for name, value in settings.items()}
    async with (
        started("console", named, admin),
        aiohttp.ClientSession(f"http://127.0.0.1:{page}") as browser,
    ):
        async with browser.get("/user") as listed:
            assert (listed.status, await listed.json()) == (200, [])
        names = {"first_name": "Ann", "last_name": "Lee"}
        async with browser.post("/user", json=names) as refused:
            assert refused.status == 403  # the page has the token's scopes only
            assert json.loads(await refused.read())["type"] == "urn:problem:forbidden"
