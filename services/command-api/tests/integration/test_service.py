"""The console command against the real database: start, drain, migrate, refuse."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

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
    stack: Addresses, unused_ports: list[int]
) -> None:
    http, grpc, admin = unused_ports[:3]
    ports = {"HTTP_PORT": http, "GRPC_PORT": grpc, "ADMIN_PORT": admin}
    process = await asyncio.create_subprocess_exec(
        COMMAND, env=environment(stack, "command_api", **ports), stdout=subprocess.DEVNULL
    )
    async with aiohttp.ClientSession() as session:

        async def readiness() -> int:
            try:
                async with session.get(f"http://127.0.0.1:{admin}/readyz") as response:
                    return response.status
            except aiohttp.ClientConnectionError:
                return 0

        async def becomes(status: int) -> None:
            assert await readiness() == status

        await eventually(lambda: becomes(200), within=30)
        reader, writer = await asyncio.open_connection("127.0.0.1", http)
        body = b'{"first_name": "Slow", "last_name": "Body"}'
        head = f"POST /user HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body[:10])
        async with session.get(f"http://127.0.0.1:{http}/") as response:
            assert response.status == 200  # the head above has been read, too
        process.send_signal(signal.SIGTERM)
        await eventually(lambda: becomes(503))
        writer.write(body[10:])
        assert (await reader.readline()).startswith(b"HTTP/1.1 201")
        writer.close()
    assert await asyncio.wait_for(process.wait(), 10) == 0


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


def test_wrong_settings_are_told_in_one_message() -> None:
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


def test_an_unknown_argument_is_told_how_to_be_right() -> None:
    done = subprocess.run([COMMAND, "migrat"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "usage: command-api [migrate]\n")
