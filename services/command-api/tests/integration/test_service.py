"""The command line against the real database: start, drain, migrate, errors."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses

COMMAND = Path(sys.executable).with_name("command-api")


def environment(stack: Addresses, user: str, **more: object) -> dict[str, str]:
    settings = {
        "MYSQL_PORT": stack.mysql_port,
        "MYSQL_USER": user,
        "MYSQL_PASSWORD": stack.password(user),
        **more,
    }
    return {f"COMMAND_API_{name}": str(value) for name, value in settings.items()} | {
        "PATH": os.environ["PATH"]
    }


@pytest.mark.integration
async def test_a_running_request_finishes_while_the_service_stops(
    stack: Addresses, unused_ports: list[int], started: Any
) -> None:
    http, grpc, admin, _ = unused_ports
    settings = environment(stack, "command_api", HTTP_PORT=http, GRPC_PORT=grpc, ADMIN_PORT=admin)
    async with started("command-api", settings, admin) as pid:
        reader, writer = await asyncio.open_connection("127.0.0.1", http)
        body = b'{"first_name": "Slow", "last_name": "Body"}'
        head = f"POST /user HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body[:10])
        await eventually(lambda: answers(http))  # so the head above has been read, too
        os.kill(pid, signal.SIGTERM)
        await eventually(lambda: is_draining(admin))
        writer.write(body[10:])
        assert (await reader.readline()).startswith(b"HTTP/1.1 201")
        writer.close()


async def answers(port: int) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/") as response,
    ):
        assert response.status == 200


async def is_draining(admin: int) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{admin}/readyz") as response,
    ):
        assert (await response.json())["failures"] == {"process": "draining"}


@pytest.mark.integration
def test_migrating_twice_applies_nothing_twice(stack: Addresses) -> None:
    done = subprocess.run(
        [COMMAND, "migrate"],
        env=environment(stack, "migrator"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "nothing to apply\n"


def test_invalid_settings_are_reported_in_one_message() -> None:
    done = subprocess.run(
        [COMMAND],
        env={"COMMAND_API_HTTP_PORT": "eighty", "COMMAND_API_HTP": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    for name in ("COMMAND_API_HTTP_PORT", "COMMAND_API_MYSQL_PASSWORD", "COMMAND_API_HTP"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_argument_prints_the_usage() -> None:
    done = subprocess.run([COMMAND, "migrat"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "usage: command-api [migrate]\n")
