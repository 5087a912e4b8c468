"""Build another generation of a view up to the topic's end, and switch reads to it.

The order of steps guarantees that no read fails and no version goes back. Once the new generation
has caught up, the running projectors write each change to it first and to the old one second. When
it then holds everything that the old one does, it serves. The rebuild continues to write for a
while, until every projector has seen the switch.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from chassis.stores.kafka import Brokers
from chassis.stores.kafka_bounds import bounded
from projections.generations import Directives, Generations, OperationRefused, State
from projections.kafka import dead_letter_queue, positions
from projections.kafka.consumer import KafkaConsumer
from projections.rebuild.counted_dead_letters import CountedDeadLetters, known, taken_by
from projections.rebuild.progress import RebuildProgress
from projections.spec import ProjectorSpec

SETTLE = 3.0  # seconds for every projector and reader to see a change of the state
LEAVE = 10.0  # seconds for the last batch and for leaving the group
MEMBERS = 5  # index in Kafka's description of a group
RECHECK_EVERY = 1.0  # seconds between two checks for other rebuilds
ALONE = 15.0  # seconds to wait for Kafka to drop a killed rebuild from the group, after 10


@dataclass(frozen=True, slots=True)
class RebuildOptions:
    """Options of the operator's command."""

    back: bool = False
    """Switch back to the previous generation instead of a new one."""
    restart: bool = False
    """Discard the progress of an interrupted rebuild."""
    accept_dead_letters: bool = False
    """Switch even if some records could not be applied."""


async def run(
    projection: ProjectorSpec, options: RebuildOptions, report: Callable[[str], None]
) -> None:
    """Rebuild and switch, reporting progress; raises OperationRefused, Unavailable.

    After an interruption at any point it may be run again, and resumes.
    """
    group = f"{projection.group}-rebuild"
    await _alone(projection.brokers, group)
    before, target = await _begin(projection, options)
    report(f"generation {before.serving} serves; building {target}")
    async with dead_letter_queue.of(projection) as queue:
        dead_letters = CountedDeadLetters(
            before.dead_letters,
            projection.dead_letters,
            taken_by(projection, Directives(before.serving)),
            await known(queue),
        )
    filling = replace(projection, group=group, dead_letters=dead_letters)
    async with (
        positions.opened(projection.brokers, projection.topic) as log,
        _running(KafkaConsumer(filling, _always(Directives(target)))) as consuming,
    ):
        fill = RebuildProgress(projection.generations, target, log, dead_letters, consuming, report)
        await fill.catch_up()
        _check_complete(dead_letters, options)
        dead_letters.is_leading = True
        async with _leading(projection.generations, target):
            await fill.catch_up()
            _check_complete(dead_letters, options)  # again: records came meanwhile
            accepted = dead_letters.count
            began = time.perf_counter()
            await projection.generations.switch(before.serving, target)
        report(f"generation {target} serves, switched in {time.perf_counter() - began:.3f} s")
        await asyncio.sleep(SETTLE)
    if late := dead_letters.count - accepted:
        report(f"{late} records could not be applied during the switch; see `dead-letters list`")
    await _tidy(projection, report)


def _check_complete(dead_letters: CountedDeadLetters, options: RebuildOptions) -> None:
    """Raise OperationRefused if the generation lacks records that the operator has not accepted."""
    if dead_letters.count and not options.accept_dead_letters:
        raise OperationRefused(
            f"not switched: {dead_letters} could not be applied; see `dead-letters list`,"
            " then run `rebuild --accept-dead-letters` to switch anyway"
        )


@asynccontextmanager
async def _leading(generations: Generations[Any], target: str) -> AsyncIterator[None]:
    """Make every projector write each change to the target first, while the block runs.

    If the block raises OperationRefused, they stop doing so.
    """
    await generations.note({"leading": target})
    await asyncio.sleep(SETTLE)
    try:
        yield
    except OperationRefused:
        await generations.note({"leading": None})
        raise


async def _begin(projection: ProjectorSpec, options: RebuildOptions) -> tuple[State, str]:
    """Record the generation to build in the state; return both."""
    generations = projection.generations
    state = await generations.state()
    if options.back:
        if state.previous is None:
            raise OperationRefused("there is no previous generation")
        if state.building != state.previous:  # an unfinished rebuild is abandoned
            await generations.note({"building": state.previous, "dead_letters": None})
        return await generations.state(), state.previous
    is_resumed = state.building not in {None, state.previous} and not options.restart
    if not is_resumed:
        await generations.note(
            dict.fromkeys(("building", "leading", "done", "total", "dead_letters"))
        )
        await _drop(projection, {state.serving, state.previous})
        state = await generations.state()
        await generations.add(str(max(map(int, state.kept)) + 1))
    state = await generations.state()
    if state.building is None:
        raise OperationRefused("another process has ended the rebuild")
    return state, state.building


async def _tidy(projection: ProjectorSpec, report: Callable[[str], None]) -> None:
    state = await projection.generations.state()
    for generation in await _drop(projection, {state.serving, state.previous, state.building}):
        report(f"generation {generation} removed")
    report(f"generation {state.previous} is kept for `rebuild --back`; deletions still apply")


async def _drop(projection: ProjectorSpec, wanted: set[str | None]) -> list[str]:
    state = await projection.generations.state()
    unwanted = sorted(state.kept - wanted)
    for generation in unwanted:
        await projection.generations.drop(generation)
    return unwanted


def _always(directives: Directives) -> Callable[[], Awaitable[Directives]]:
    async def fixed() -> Directives:
        return directives

    return fixed


@asynccontextmanager
async def _running(consumer: KafkaConsumer) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(consumer.serve())
    try:
        yield task
    finally:
        with suppress(TimeoutError):  # drain first: aiokafka may swallow a cancellation
            async with asyncio.timeout(LEAVE):
                await consumer.drain()
        task.cancel()
        await asyncio.wait([task], timeout=LEAVE)


async def _alone(brokers: Brokers, group: str) -> None:
    """Return if no other rebuild is running; raises OperationRefused."""
    admin = AIOKafkaAdminClient(**brokers.aiokafka())
    end = time.monotonic() + ALONE
    try:
        async with bounded(2 * ALONE):
            await admin.start()
            while await _members(admin, group):
                if time.monotonic() > end:
                    raise OperationRefused("another rebuild is running")
                await asyncio.sleep(RECHECK_EVERY)
    finally:
        await admin.close()


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    responses = await admin.describe_consumer_groups([group])
    return sum(len(described[MEMBERS]) for response in responses for described in response.groups)
