"""What an operator asks of a projector, beside the running one: status and dead letters."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from chassis import kafka_dead_letter_box, telemetry
from chassis.kafka_dead_letter_box import DeadLetterBox, Letter
from chassis.kafka_places import places
from chassis.problems import Problem
from chassis.projection import Projection
from chassis.settings import ServiceSettings, load

SHOWN = 4096  # bytes of a letter's value; an event has about 300
S = TypeVar("S", bound=ServiceSettings)


class Missing(Problem):
    """What the operator named is not there."""


def operate(
    service: str,
    arguments: Sequence[str],
    settings_type: type[S],
    wire: Callable[[S], AbstractAsyncContextManager[Projection]],
) -> None:
    """Carry out the command that the arguments name, and exit: 0 done, 1 not done, 2 not known."""
    wanted = _parser(service).parse_args(arguments)
    settings = load(settings_type)
    telemetry.configure_logs(service, "critical")  # what it prints is the answer

    async def run() -> None:
        async with (
            wire(settings) as projection,
            kafka_dead_letter_box.opened(projection.bootstrap, projection.letters) as box,
        ):
            await wanted.run(projection, box, wanted)

    try:
        asyncio.run(run())
    except Problem as problem:
        sys.exit(f"{service}: {problem.detail}")


def _parser(service: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=service, description="Without arguments: run the projector."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "status", _status, "partitions, offsets, lag, dead letters")
    letters = commands.add_parser("dead-letters", help="records that could not be applied")
    what = letters.add_subparsers(required=True, metavar="COMMAND")
    _add(what, "list", _list, "one line a letter, oldest first")
    _add(what, "replay", _replay, "apply all once more; what fails again is a letter again")
    _add(what, "show", _show, "all of one letter").add_argument("offset", type=int)
    discard = _add(what, "discard", _discard, "drop letters for good")
    discard.add_argument("offsets", type=int, nargs="+", metavar="offset")
    return parser


def _add(commands: Any, name: str, run: Callable[..., Awaitable[None]], text: str) -> Any:
    command = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    return command


async def _status(projection: Projection, box: DeadLetterBox, _wanted: argparse.Namespace) -> None:
    print(f"{'partition':>9} {'next offset':>12} {'end':>12} {'lag':>12}")
    for partition, place in sorted((await places(projection)).items()):
        print(f"{partition:>9} {place.offset:>12} {place.end:>12} {place.lag:>12}")
    print(f"dead letters: {await box.count()}")


async def _list(_projection: Projection, box: DeadLetterBox, _wanted: argparse.Namespace) -> None:
    async for letter in box.letters():
        print(f"{letter.offset:>6}  {letter.failed_at}  {_source(letter)}  {letter.reason}")


async def _show(_projection: Projection, box: DeadLetterBox, wanted: argparse.Namespace) -> None:
    found = [letter async for letter in box.letters() if letter.offset == wanted.offset]
    if not found:
        raise Missing(f"no dead letter has the offset {wanted.offset}: see `dead-letters list`")
    (letter,) = found
    value = letter.record.value or b""
    print(
        f"offset     {letter.offset}\nfailed at  {letter.failed_at}\nfrom       {_source(letter)}"
    )
    print(f"key        {letter.record.key!r}\nreason     {letter.reason}")
    print(f"value      {len(value)} bytes")
    for start in range(0, min(len(value), SHOWN), 16):
        row = value[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)  # noqa: PLR2004 - ASCII
        print(f"  {start:04x}  {row.hex(' '):<47}  {text}")


async def _replay(projection: Projection, box: DeadLetterBox, _wanted: argparse.Namespace) -> None:
    taken = await box.replay(projection.handle)
    print(f"{taken} replayed; dead letters now: {await box.count()}")


async def _discard(_projection: Projection, box: DeadLetterBox, wanted: argparse.Namespace) -> None:
    if not (dropped := await box.discard(set(wanted.offsets))):
        raise Missing("no dead letter has such an offset: see `dead-letters list`")
    print(f"{dropped} discarded; letters before the last of them have new offsets")


def _source(letter: Letter) -> str:
    return f"{letter.record.topic}[{letter.record.partition}]@{letter.record.offset}"
