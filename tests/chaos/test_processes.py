"""Processes are killed, restarted gracefully, and suspended: T1, T2, T8."""

import asyncio
from contextlib import AsyncExitStack

from chassis.testing import eventually
from local_stack.addresses import SERVICES
from tests.chaos.harness import faults, stores, topic
from tests.chaos.harness.replicas import second
from tests.chaos.harness.scenario import Chaos, Scenario

SERVERS = ["connect", "connector-supervisor", "kafka", "mysql", "opensearch", "redis", "registry"]
PAUSE = (1.0, 5.0)  # seconds between two kills
# Not visible to clients while services restart gracefully: a read with a version may have to wait
# longer than query-api does while partitions are reassigned, which a 503 reports.
SMOOTH = {"200", "201", "204", "404", "409", "412", "503"}
SMOOTH |= {"OK", "NOT_FOUND", "ABORTED", "FAILED_PRECONDITION", "UNAVAILABLE"}


async def test_random_processes_are_killed(chaos: Chaos) -> None:
    victims = [*SERVICES, *map(second, SERVICES), *SERVERS]
    async with chaos.scenario("T1: kill -9 of any process") as scenario:
        for victim in scenario.sample(victims, scenario.rounds(9)):
            await faults.kill(chaos.replicas, victim)
            await asyncio.sleep(scenario.chance.uniform(*PAUSE))


async def test_rolling_restart_is_invisible_to_clients(chaos: Chaos) -> None:
    async with (
        chaos.scenario("T2: rolling restart of all services") as scenario,
        AsyncExitStack() as watching,
    ):
        for balancer in scenario.apis:
            await watching.enter_async_context(balancer.watching())
        for service in SERVICES * scenario.rounds(1):
            for program in (service, second(service)):
                took = await faults.restart(chaos.replicas, program)
                assert took < 10, f"{program} took {took:.1f} s to end"
    assert scenario.codes().keys() <= SMOOTH, scenario.codes()
    assert not [entry for entry in scenario.ledger.entries if entry.was_unknown]
    # Most balancers do not try another replica: one that refuses must have become unready before.
    assert [balancer.refused_while_ready for balancer in scenario.apis] == [0, 0, 0]


async def test_suspended_projector_does_not_overwrite_newer_state(chaos: Chaos) -> None:
    projectors = ["redis-projector", "search-projector"]
    async with chaos.scenario("T8: SIGSTOP of a projector, SIGCONT") as scenario:
        for _ in range(scenario.rounds(1)):
            zombies = [scenario.chance.choice([name, second(name)]) for name in projectors]
            async with faults.frozen(chaos.replicas, *zombies):
                await eventually(lambda: everything_read(scenario), within=90, every=0.5)
            await scenario.writes(100)


async def everything_read(scenario: Scenario) -> None:
    """Raise AssertionError unless the views soon contain all that is on the topic now."""
    ends = await topic.ends(scenario.stack)
    await asyncio.sleep(1)  # in-flight records; a longer delay is a partition without a consumer
    for view in (
        await stores.redis_view(scenario.stack),
        await stores.opensearch_view(scenario.stack),
    ):
        assert all(view.offsets.get(p, 0) >= end - 1 for p, end in ends.items())
