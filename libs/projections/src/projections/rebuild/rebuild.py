"""Bring another generation of a view to the log's end beside the one that serves, and switch.

The order keeps two promises to readers: none fails, and no version goes back. Once the new
generation has caught up, the running projectors write each change to it first and to the old one
second; only then, and when it holds all that the old one does, it serves. For a while after that
the rebuild goes on writing, until every projector has met the switch.
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
from projections.rebuild.counted_letters import CountedLetters, known, taken_by
from projections.rebuild.progress import RebuildProgress
from projections.spec import ProjectorSpec

SETTLE = 3.0  # seconds in which every projector and reader meets a change of the state
LEAVE = 10.0  # seconds for the last batch and for leaving the group
MEMBERS = 5  # place in Kafka's description of a group
AGAIN = 1.0  # seconds between two looks at who else rebuilds
ALONE = 15.0  # seconds for a rebuild that was killed to be missed by Kafka, after 10


@dataclass(frozen=True, slots=True)
class RebuildOptions:
    """What the operator asked for."""

    back: bool = False
    """To the generation before, in the place of a new one."""
    restart: bool = False
    """Not going on where an interrupted rebuild stopped."""
    accept_dead_letters: bool = False
    """Switching although some records could not be applied."""


async def run(
    projection: ProjectorSpec, options: RebuildOptions, report: Callable[[str], None]
) -> None:
    """Rebuild and switch, telling how it goes; raises OperationRefused, Unavailable.

    Interrupted anywhere, it may be run again, and goes on where it stopped.
    """
    group = f"{projection.group}-rebuild"
    await _alone(projection.brokers, group)
    before, target = await _begin(projection, options)
    report(f"generation {before.serving} serves; building {target}")
    async with dead_letter_queue.of(projection) as queue:
        letters = CountedLetters(
            before.dead_letters,
            projection.dead_letters,
            taken_by(projection, Directives(before.serving)),
            await known(queue),
        )
    filling = replace(projection, group=group, dead_letters=letters)
    async with (
        positions.opened(projection.brokers, projection.topic) as log,
        _running(KafkaConsumer(filling, _always(Directives(target)))) as consuming,
    ):
        fill = RebuildProgress(projection.generations, target, log, letters, consuming, report)
        await fill.catch_up()
        _check_complete(letters, options)
        letters.is_leading = True
        async with _leading(projection.generations, target):
            await fill.catch_up()
            _check_complete(letters, options)  # again: records came meanwhile
            accepted = letters.count
            began = time.perf_counter()
            await projection.generations.switch(before.serving, target)
        report(f"generation {target} serves, switched in {time.perf_counter() - began:.3f} s")
        await asyncio.sleep(SETTLE)
    if late := letters.count - accepted:
        report(f"{late} records could not be applied during the switch; see `dead-letters list`")
    await _tidy(projection, report)


def _check_complete(letters: CountedLetters, options: RebuildOptions) -> None:
    """Raise OperationRefused if the generation lacks records that the operator has not accepted."""
    if letters.count and not options.accept_dead_letters:
        raise OperationRefused(
            f"not switched: {letters} could not be applied; see `dead-letters list`,"
            " then run `rebuild --accept-dead-letters` to switch anyway"
        )


@asynccontextmanager
async def _leading(generations: Generations[Any], target: str) -> AsyncIterator[None]:
    """In the block every projector writes each change to the target first.

    If the block refuses to switch they stop doing so.
    """
    await generations.note({"leading": target})
    await asyncio.sleep(SETTLE)
    try:
        yield
    except OperationRefused:
        await generations.note({"leading": None})
        raise


async def _begin(projection: ProjectorSpec, options: RebuildOptions) -> tuple[State, str]:
    """The state, and the generation to build, noted there."""
    generations = projection.generations
    state = await generations.state()
    if options.back:
        if state.previous is None:
            raise OperationRefused("there is no previous generation")
        if state.building != state.previous:  # an unfinished rebuild is given up
            await generations.note({"building": state.previous, "dead_letters": None})
        return await generations.state(), state.previous
    going_on = state.building not in {None, state.previous} and not options.restart
    if not going_on:
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
    async def told() -> Directives:
        return directives

    return told


@asynccontextmanager
async def _running(consumer: KafkaConsumer) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(consumer.serve())
    try:
        yield task
    finally:
        with suppress(TimeoutError):  # asked first: aiokafka may swallow a cancellation
            async with asyncio.timeout(LEAVE):
                await consumer.drain()
        task.cancel()
        await asyncio.wait([task], timeout=LEAVE)


async def _alone(brokers: Brokers, group: str) -> None:
    """Return when nobody else rebuilds; raises OperationRefused."""
    admin = AIOKafkaAdminClient(**brokers.aiokafka())
    end = time.monotonic() + ALONE
    try:
        async with bounded(2 * ALONE):
            await admin.start()
            while await _members(admin, group):
                if time.monotonic() > end:
                    raise OperationRefused("another rebuild is running")
                await asyncio.sleep(AGAIN)
    finally:
        await admin.close()


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    responses = await admin.describe_consumer_groups([group])
    return sum(len(described[MEMBERS]) for response in responses for described in response.groups)
