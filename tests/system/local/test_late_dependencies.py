"""Programs that start before their dependencies wait for them, and go on within seconds."""

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from chassis.testing import eventually
from local_stack.addresses import MYSQL_USERS, Addresses
from tests.chaos.harness.proxy import Link
from tests.support.stack.logged_program import logged
from tests.support.stack.measured import MEASURED

pytestmark = pytest.mark.integration
LATE = 4.0  # seconds without the dependency: the pauses between attempts have reached their maximum
GOES_ON_WITHIN = 60.0  # seconds, for a machine under load; the longest pauses are 2 s
CASES = [
    ("command-api", "MYSQL_PORT", "mysql"),
    ("query-api", "REDIS_URL", "redis"),
    ("search-api", "OPENSEARCH_URL", "opensearch"),
    ("redis-projector", "REDIS_URL", "redis"),
    ("redis-projector", "KAFKA_BOOTSTRAP", "kafka"),
    ("search-projector", "OPENSEARCH_URL", "opensearch"),
    ("search-projector", "KAFKA_BOOTSTRAP", "kafka"),
]
JOBS = {
    "platform-setup mysql-users": "SETUP_MYSQL_PORT",
    "platform-setup topics": "SETUP_KAFKA_BOOTSTRAP",
    "platform-setup schema-rule": "SETUP_REGISTRY_URL",
    "command-api migrate": "COMMAND_API_MYSQL_PORT",
}


def late(settings: dict[str, str], name: str, port: int) -> tuple[dict[str, str], Link]:
    """Return the settings with a dependency at this port, and the link that opens the port."""
    value = settings[name]
    if name.endswith("MYSQL_PORT"):
        return settings | {name: str(port)}, Link(port, ("127.0.0.1", int(value)))
    address = value.rpartition("@")[2] if "://" not in value else urlsplit(value).netloc
    host, _, number = address.rpartition("@")[2].partition(":")
    changed = value.replace(f"{host}:{number}", f"127.0.0.1:{port}")
    return settings | {name: changed}, Link(port, (host, int(number)))


async def readiness(admin: int) -> tuple[int, str]:
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{admin}/readyz") as response,
        ):
            return response.status, await response.text()
    except aiohttp.ClientConnectionError as error:
        raise AssertionError from error


async def is_unready(admin: int, reason: str) -> None:
    status, text = await readiness(admin)
    assert status == 503
    assert f"{reason} is unavailable" in text, text


async def is_ready(admin: int) -> None:
    assert (await readiness(admin))[0] == 200


@pytest.mark.parametrize(("program", "setting", "dependency"), CASES)
async def test_service_reports_the_missing_dependency_and_is_ready_soon_after_it_starts(
    stack: Addresses, unused_ports: list[int], program: str, setting: str, dependency: str
) -> None:
    admin, http, grpc, port = unused_ports
    prefix = program.upper().replace("-", "_")
    ports = {"ADMIN": admin} | ({"HTTP": http, "GRPC": grpc} if program.endswith("-api") else {})
    own = {f"{prefix}_{name}_PORT": str(number) for name, number in ports.items()}
    settings, link = late(stack.environment(program) | own, f"{prefix}_{setting}", port)
    async with logged(program, settings) as running:
        await eventually(lambda: is_unready(admin, dependency), within=30)
        await asyncio.sleep(LATE)
        await is_unready(admin, dependency)
        async with link.open():
            await eventually(lambda: is_ready(admin), within=GOES_ON_WITHIN)
        assert running.process.returncode is None


def settings_of_the_jobs(stack: Addresses) -> dict[str, str]:
    passwords = {user: (Path(stack.secrets) / user).read_text() for user in MYSQL_USERS}
    return {
        "SETUP_MYSQL_PORT": str(stack.mysql_port),
        "SETUP_KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "SETUP_REGISTRY_URL": stack.registry_url,
        **{f"SETUP_MYSQL_{user.upper()}_PASSWORD": text for user, text in passwords.items()},
        "COMMAND_API_MYSQL_PORT": str(stack.mysql_port),
        "COMMAND_API_MYSQL_USER": "migrator",
        "COMMAND_API_MYSQL_PASSWORD": passwords["migrator"],
    }


@pytest.mark.parametrize("job", JOBS)
async def test_job_waits_for_its_server_and_is_done_soon_after_it_starts(
    stack: Addresses, unused_ports: list[int], job: str
) -> None:
    settings, link = late(settings_of_the_jobs(stack), JOBS[job], unused_ports[0])
    prefix = JOBS[job].rpartition("_")[0]
    used = {name: value for name, value in settings.items() if name.startswith(prefix)}
    program, *words = job.split()
    running = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / program,
        *words,
        env=used | MEASURED | {"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert running.stdout is not None
    try:
        waiting = await asyncio.wait_for(running.stdout.readline(), 30)
        assert b"127.0.0.1" in waiting  # the address
        await asyncio.sleep(LATE)
        assert running.returncode is None
        async with link.open():
            output, _ = await asyncio.wait_for(running.communicate(), GOES_ON_WITHIN)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    assert running.returncode == 0, output
