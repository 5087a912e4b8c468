"""The console command against the real Redis: start, drain, refuse."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local_stack.addresses import Addresses


@pytest.mark.integration
async def test_it_becomes_ready_and_stops_in_order(
    stack: Addresses, unused_ports: list[int], started: Any
) -> None:
    http, grpc, admin, _ = unused_ports
    settings = {
        "QUERY_API_REDIS_URL": stack.redis_address,
        "QUERY_API_REDIS_USER": "query_api",
        "QUERY_API_REDIS_PASSWORD": stack.password("query_api"),
        "QUERY_API_HTTP_PORT": str(http),
        "QUERY_API_GRPC_PORT": str(grpc),
        "QUERY_API_ADMIN_PORT": str(admin),
    }
    async with (
        started("query-api", settings, admin),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{http}/user?limit=1") as response,
    ):
        assert response.status == 200


def test_wrong_settings_are_told_in_one_message() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("query-api")],
        env={"QUERY_API_HTTP_PORT": "eighty", "QUERY_API_REDIS": "here"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    for name in ("QUERY_API_HTTP_PORT", "QUERY_API_REDIS"):
        assert name in done.stderr
