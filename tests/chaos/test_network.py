"""Faults of the second replicas' network: latency, low bandwidth, resets, partitions: T7."""

import asyncio

from tests.chaos.harness import faults
from tests.chaos.harness.links import NAMES
from tests.chaos.harness.proxy import Weather
from tests.chaos.harness.replicas import second
from tests.chaos.harness.scenario import Chaos

SLOW = Weather("slow", latency=0.5, jitter=0.2)
WEATHERS = [
    SLOW,
    Weather("resets", resets=0.2),
    Weather("narrow", bytes_per_second=64_000),
    Weather("half open", is_half_open=True),
]
SECONDS = 6.0


async def test_network_faults(chaos: Chaos) -> None:
    async with chaos.scenario("T7: network latency, resets, low bandwidth, partitions") as scenario:
        for weather in WEATHERS:
            for _ in range(scenario.rounds(1)):
                async with chaos.replicas.links.under(weather, NAMES):
                    await asyncio.sleep(SECONDS)
            await scenario.writes(50)


async def test_projectors_are_killed_in_the_middle_of_a_write(chaos: Chaos) -> None:
    """A slow store makes a kill between the data and its offset likely."""
    links = ("redis-projector to redis", "search-projector to opensearch")
    async with chaos.scenario("T7b: projectors killed, their stores slow") as scenario:
        for _ in range(scenario.rounds(1)):
            for projector in ("redis-projector", "search-projector"):
                await faults.projects(chaos.replicas, second(projector))
            async with chaos.replicas.links.under(SLOW, links):
                await asyncio.sleep(scenario.chance.uniform(1, 4))
                for projector in ("redis-projector", "search-projector"):
                    await faults.kill(chaos.replicas, second(projector))
