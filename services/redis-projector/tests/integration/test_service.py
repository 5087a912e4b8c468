"""The console command against the real servers: start, drain, refuse."""

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

COMMAND = Path(sys.executable).with_name("redis-projector")


@pytest.mark.integration
async def test_it_becomes_ready_and_stops_in_order(
    stack: Addresses, unused_ports: list[int]
) -> None:
    settings = {
        "REDIS_PROJECTOR_REDIS_URL": stack.redis_url,
        "REDIS_PROJECTOR_HTTP_PORT": str(unused_ports[0]),
        "REDIS_PROJECTOR_GRPC_PORT": str(unused_ports[1]),
        "REDIS_PROJECTOR_ADMIN_PORT": str(unused_ports[2]),
    }
    process = await asyncio.create_subprocess_exec(
        COMMAND, env=settings | {"PATH": os.environ["PATH"]}, stdout=subprocess.DEVNULL
    )

    async def is_ready() -> None:
        try:
            async with session.get(f"http://127.0.0.1:{unused_ports[2]}/readyz") as response:
                assert response.status == 200
        except aiohttp.ClientConnectionError as error:
            raise AssertionError from error

    async with aiohttp.ClientSession() as session:
        await eventually(is_ready, within=30)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0


def test_wrong_settings_are_told_in_one_message() -> None:
    done = subprocess.run(
        [COMMAND],
        env={"REDIS_PROJECTOR_HTTP_PORT": "eighty", "REDIS_PROJECTOR_REDIS": "here"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    for name in ("REDIS_PROJECTOR_HTTP_PORT", "REDIS_PROJECTOR_REDIS"):
        assert name in done.stderr
