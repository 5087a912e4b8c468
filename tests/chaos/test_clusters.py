"""Loss of one node of each cluster: `make chaos-clusters`."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from chassis.testing import eventually
from local_stack import control
from tests.chaos.harness import clusters, faults
from tests.chaos.harness.scenario import Chaos
from tests.support.stack.operator_cli import verifier
from tests.support.stores import seeded_drift
from tests.support.stores.redis_operator import connected

# redis-py drops connections to a node that left, and the garbage collector closes them.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
KAFKA = ("kafka", "kafka-2", "kafka-3")
TAKEN_OVER_WITHIN = 30.0  # seconds


@asynccontextmanager
async def frozen_to_death(chaos: Chaos, program: str) -> AsyncIterator[None]:
    """Suspend it while the block runs, and kill it then; supervisor starts another."""
    pid = control.pid_of(chaos.stack.instance, program)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
    await chaos.replicas.healthy(program)


async def test_redis_masters_are_killed(chaos: Chaos) -> None:
    """They restart at once, with the data of their files."""
    async with chaos.scenario("C1: masters of Redis killed", may_go_back=True) as scenario:
        for node in await clusters.masters(chaos.stack):
            await faults.kill(chaos.replicas, clusters.program(chaos.stack, node))
            await scenario.writes(50)


async def test_a_master_of_redis_is_replaced_by_its_replica(chaos: Chaos) -> None:
    stack = chaos.stack
    async with chaos.scenario("C2: a master of Redis replaced", may_go_back=True) as scenario:
        node = await clusters.owner_of_new_users(stack)
        async with frozen_to_death(chaos, clusters.program(stack, node)):
            await eventually(
                lambda: clusters.is_no_master(stack, node), within=TAKEN_OVER_WITHIN, every=0.5
            )
            await scenario.writes(100)


async def test_stale_replica_takes_over(chaos: Chaos) -> None:
    """Writes of the lost master that its replica missed are read again from the topic."""
    stack = chaos.stack
    async with chaos.scenario("C3: an old replica takes over", may_go_back=True) as scenario:
        node = await clusters.owner_of_new_users(stack)
        replica = await clusters.replica_of(stack, node)
        async with AsyncExitStack() as dying:
            async with faults.away(chaos.replicas, clusters.program(stack, replica)):
                await scenario.writes(100)
                await clusters.visible(stack)
                lost = frozen_to_death(chaos, clusters.program(stack, node))
                await dying.enter_async_context(lost)
            await clusters.take_over(stack, replica)
            await eventually(
                lambda: clusters.is_no_master(stack, node), within=TAKEN_OVER_WITHIN, every=0.5
            )
            await scenario.writes(100)


async def test_each_redis_master_loses_its_data(chaos: Chaos) -> None:
    async with chaos.scenario("C4: masters of Redis emptied", may_go_back=True) as scenario:
        for node in await clusters.masters(chaos.stack):
            async with connected(chaos.stack) as redis:
                await redis.flushall(target_nodes=[node])
            await scenario.writes(50)


@pytest.mark.parametrize("broker", KAFKA)
async def test_broker_is_killed_and_unavailable(chaos: Chaos, broker: str) -> None:
    """Each leads some of the partitions."""
    async with chaos.scenario(f"C5: {broker} killed and unavailable") as scenario:
        await faults.kill(chaos.replicas, broker)
        await chaos.replicas.healthy(broker)
        async with faults.away(chaos.replicas, broker):
            await scenario.writes(200)
            await eventually(lambda: clusters.visible(chaos.stack), within=60, every=0.5)


async def test_node_with_the_index_is_killed_and_unavailable(chaos: Chaos) -> None:
    async with chaos.scenario("C6: a node of OpenSearch killed and unavailable") as scenario:
        node = await clusters.owner_of_the_index(chaos.stack)
        await faults.kill(chaos.replicas, node)
        await eventually(lambda: clusters.has_all_copies(chaos.stack), within=120, every=1)
        async with faults.away(chaos.replicas, await clusters.owner_of_the_index(chaos.stack)):
            await scenario.writes(200)
            await eventually(lambda: clusters.visible(chaos.stack), within=60, every=0.5)


@pytest.mark.parametrize("projector", ["redis-projector", "search-projector"])
async def test_verification_finds_no_drift_at_the_end(chaos: Chaos, projector: str) -> None:
    output = await verifier(chaos.stack).done(projector, "--patience", "5")
    assert seeded_drift.planted_in(output) == {}
