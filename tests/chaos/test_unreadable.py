"""Records that cannot be applied: T9."""

import subprocess
import sys
from functools import partial
from pathlib import Path

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.chaos.harness import injection
from tests.chaos.harness.injection import DEAD_LETTERS
from tests.chaos.harness.scenario import Chaos


async def test_invalid_records_become_dead_letters_and_block_nothing(chaos: Chaos) -> None:
    stack = chaos.stack
    await injection.delete_dead_letters(stack)
    async with chaos.scenario("T9: invalid records on the topic") as scenario:
        injected = await injection.poison(scenario, scenario.rounds(10))
        for projector in DEAD_LETTERS:
            await eventually(partial(parked, stack, projector, injected), within=60)
    for projector in DEAD_LETTERS:
        output = tool(stack, projector, "replay")
        assert output == f"{len(injected)} replayed; dead letters now: {len(injected)}\n"
        listed = tool(stack, projector, "list").splitlines()
        tool(stack, projector, "discard", *(line.split()[0] for line in listed))
        assert await injection.dead_letters(stack, projector) == []


async def parked(stack: Addresses, projector: str, injected: set[str]) -> None:
    """Raise AssertionError unless the dead letters are the records that were injected."""
    assert sorted(await injection.dead_letters(stack, projector)) == sorted(injected)


def tool(stack: Addresses, projector: str, *words: str) -> str:
    """Run `redis-projector dead-letters WORDS…` with the stack's settings; return its output."""
    done = subprocess.run(
        [Path(sys.executable).parent / projector, "dead-letters", *words],
        env=stack.environment(projector),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
