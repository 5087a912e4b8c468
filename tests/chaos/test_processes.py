"""Processes die, are restarted, and stand still."""

import asyncio

import faults
from replicas import second
from scenario import Chaos

from local_stack.addresses import SERVICES

VICTIMS = [
    *SERVICES,
    *map(second, SERVICES),
    "connect",
    "connector-supervisor",
    "kafka",
    "mysql",
    "opensearch",
    "redis",
    "registry",
]


async def test_any_process_is_killed(chaos: Chaos) -> None:
    async with chaos.scenario("T1: kill -9 of any process") as scenario:
        for victim in scenario.sample(VICTIMS, scenario.rounds(10)):
            await faults.kill(chaos.instance, victim)
            await asyncio.sleep(scenario.chance.uniform(2, 8))
