"""`connector-supervisor replay`: every event in MySQL is published again."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.faults import paused_connector
from tests.support.stack.rebuilding import dropped_from_views, populated

pytestmark = pytest.mark.e2e
Replay = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def replay(stack: Addresses) -> Replay:
    """Return the command, with the stack's own settings and the given ones."""
    settings = stack.environment("connector-supervisor")
    command = [str(Path(sys.executable).parent / "connector-supervisor"), "replay"]

    def run(**others: str) -> "subprocess.CompletedProcess[str]":
        configured = settings | {f"CONNECTOR_SUPERVISOR_{k.upper()}": v for k, v in others.items()}
        return subprocess.run(
            command, env=configured, check=False, capture_output=True, text=True, timeout=120
        )

    return run


async def test_replay_restores_lost_users_and_not_erased_ones(
    stack: Addresses, http: ApiClient, replay: Replay
) -> None:
    population = await populated(http, living=9)
    async with dropped_from_views(stack, population.living[0]["id"]):
        output = await asyncio.to_thread(replay)
        assert output.returncode == 0, output.stderr
        (count,) = re.findall(r"^Replayed ([\d,]+) records", output.stdout, re.MULTILINE)
        assert int(count.replace(",", "")) >= 13  # nine, three of them renamed, and a marker
        await eventually(partial(population.is_visible_through, http), within=60, every=0.5)


async def test_stopped_connector_is_reported_in_one_line(stack: Addresses, replay: Replay) -> None:
    async with paused_connector(stack):
        await eventually(lambda: refused(replay, "task 0 is PAUSED"), within=30)


@pytest.mark.parametrize(
    ("dependency", "address", "message"),
    [
        ("connect_url", "http://127.0.0.1:{}", "Kafka Connect is unavailable"),
        ("kafka_bootstrap", "127.0.0.1:{}", "kafka is unavailable: "),
    ],
)
async def test_unavailable_dependency_is_reported_in_one_line(
    replay: Replay, unused_ports: list[int], dependency: str, address: str, message: str
) -> None:
    await refused(replay, message, **{dependency: address.format(unused_ports[0])})


async def refused(replay: Replay, message: str, **settings: str) -> None:
    output = await asyncio.to_thread(replay, **settings)
    assert output.returncode == 1, output.stdout
    (line,) = output.stderr.splitlines()
    assert line.startswith("connector-supervisor: ")
    assert message in line
    assert not output.stdout
