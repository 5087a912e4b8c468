"""The second replicas' network is slow, narrow, cut and dead: T7."""

import asyncio

from links import NAMES
from proxy import Weather
from scenario import Chaos

WEATHERS = [
    Weather("slow", latency=0.5, jitter=0.2),
    Weather("resets", resets=0.2),
    Weather("narrow", bytes_per_second=64_000),
    Weather("half open", is_half_open=True),
]
SECONDS = 8.0


async def test_the_network_is_bad(chaos: Chaos) -> None:
    async with chaos.scenario("T7: slow, cut, narrow and dead links") as scenario:
        for weather in WEATHERS:
            for _ in range(scenario.rounds(1)):
                links = scenario.chance.sample(NAMES, 4)
                async with chaos.replicas.links.under(weather, links):
                    await asyncio.sleep(SECONDS)
            await scenario.writes(50)
