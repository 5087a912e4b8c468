"""The operator's commands `status`, `pause`, `resume` and `rebuild`."""

import argparse
from datetime import UTC, datetime
from functools import partial
from typing import Any

from projections.generations import State
from projections.kafka import dead_letter_queue, positions
from projections.rebuild import rebuild
from projections.spec import ProjectorSpec


def add_commands(commands: Any, add: Any) -> None:
    """Add these commands to the parser."""
    add(commands, "status", _status, "show generations, partitions, offsets, lag and dead letters")
    add(
        commands,
        "pause",
        _pause,
        "pause all processes of this projector, including those started later",
    )
    add(commands, "resume", _resume, "resume all processes from the stored offsets")
    command = add(commands, "rebuild", _rebuild, "build a new generation, then switch to it")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--back", action="store_true", help="switch back to the previous generation")
    which.add_argument(
        "--restart", action="store_true", help="discard the progress of an interrupted rebuild"
    )
    command.add_argument(
        "--accept-dead-letters",
        action="store_true",
        help="switch even if some records could not be applied",
    )


async def _status(projection: ProjectorSpec, _wanted: argparse.Namespace) -> None:
    state = await projection.generations.state()
    views = projection.generations.views(state.serving)
    async with positions.opened(projection.brokers, projection.topic) as log:
        places = await log.places(views, await log.ends())
    async with dead_letter_queue.of(projection) as queue:
        dead_letters = await queue.count()
    print(f"{'paused since ' + state.paused_at if state.paused_at else 'not paused'}")
    print(_generations(state))
    print(f"{'partition':>9} {'next offset':>12} {'end':>12} {'lag':>12} {'delay':>10}")
    for partition, place in sorted(places.items()):
        counted = f"{partition:>9} {place.offset:>12} {place.end:>12} {place.lag:>12}"
        print(f"{counted} {place.waits:>8.1f} s")
    print(f"dead letters: {dead_letters}")


def _generations(state: State) -> str:
    text = f"generation {state.serving} serves; previous: {state.previous or 'none'}"
    if state.building is None:
        return text
    return f"{text}; building {state.building}: {state.done:,} of {state.total:,} records"


async def _pause(projection: ProjectorSpec, _wanted: argparse.Namespace) -> None:
    state = await projection.generations.state()
    if state.paused_at is None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        await projection.generations.note({"paused_at": now})
    print("paused: writes stop within two seconds, until `resume`")


async def _resume(projection: ProjectorSpec, _wanted: argparse.Namespace) -> None:
    await projection.generations.note({"paused_at": None})
    print("resumed: processing continues within two seconds")


async def _rebuild(projection: ProjectorSpec, wanted: argparse.Namespace) -> None:
    options = rebuild.RebuildOptions(wanted.back, wanted.restart, wanted.accept_dead_letters)
    await rebuild.run(projection, options, partial(print, flush=True))
