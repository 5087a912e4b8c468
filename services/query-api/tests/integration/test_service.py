"""The command line against the real Redis: start, drain, errors."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses


def settings(stack: Addresses, http: int, grpc: int, admin: int) -> dict[str, str]:
    return {
        "QUERY_API_REDIS_URL": stack.redis_address,
        "QUERY_API_REDIS_USER": "query_api",
        "QUERY_API_REDIS_PASSWORD": stack.password("query_api"),
        "QUERY_API_HTTP_PORT": str(http),
        "QUERY_API_GRPC_PORT": str(grpc),
        "QUERY_API_ADMIN_PORT": str(admin),
    }


@pytest.mark.integration
async def test_service_becomes_ready_and_stops_gracefully(
    stack: Addresses, unused_ports: list[int], started: Any
) -> None:
    http, grpc, admin, _ = unused_ports
    async with (
        started("query-api", settings(stack, http, grpc, admin), admin),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{http}/user?limit=1") as response,
    ):
        assert response.status == 200


@pytest.mark.integration
async def test_processes_share_a_port_with_reuse_port(
    stack: Addresses, unused_ports: list[int], started: Any
) -> None:
    http, grpc, *admins = unused_ports
    shared = {"QUERY_API_REUSE_PORT": "true"}
    first, second = (settings(stack, http, grpc, admin) | shared for admin in admins)
    async with started("query-api", first, admins[0]), started("query-api", second, admins[1]):
        await eventually(partial(both_have_answered, http, admins), within=30)


async def both_have_answered(http: int, admins: list[int]) -> None:
    """Assert that each process has served a connection."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{http}/user?limit=1") as response:
            assert response.status == 200
        for admin in admins:
            async with session.get(f"http://127.0.0.1:{admin}/metrics") as response:
                assert 'request_duration_seconds_count{method="GET"' in await response.text()


def test_invalid_settings_are_reported_in_one_message() -> None:
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
