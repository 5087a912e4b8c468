"""The operator's commands `dead-letters list|show|replay|discard`."""

import argparse
from typing import Any

from chassis.printable import printable
from projections.dead_letters import DeadLetter
from projections.generations import OperationRefused
from projections.kafka import dead_letter_queue
from projections.spec import ProjectorSpec

SHOWN = 4096  # bytes of a dead letter's value; an event has about 300


def add_commands(commands: Any, add: Any) -> None:
    """Add these commands to the parser."""
    dead_letters = commands.add_parser("dead-letters", help="records that could not be applied")
    what = dead_letters.add_subparsers(required=True, metavar="COMMAND")
    add(what, "list", _list, "list dead letters, one per line, oldest first")
    add(
        what,
        "replay",
        _replay,
        "apply all dead letters again; records that fail again stay dead letters",
    )
    add(what, "show", _show, "show one dead letter in full").add_argument("offset", type=int)
    discard = add(what, "discard", _discard, "delete dead letters permanently")
    discard.add_argument("offsets", type=int, nargs="+", metavar="offset")


async def _list(projection: ProjectorSpec, _wanted: argparse.Namespace) -> None:
    async with dead_letter_queue.of(projection) as queue:
        async for found in queue.dead_letters():
            print(f"{found.offset:>6}  {_failed_at(found)}  {_source(found)}  {_reason(found)}")


async def _show(projection: ProjectorSpec, wanted: argparse.Namespace) -> None:
    async with dead_letter_queue.of(projection) as queue:
        matches = [one async for one in queue.dead_letters() if one.offset == wanted.offset]
    if not matches:
        raise OperationRefused(
            f"no dead letter has the offset {wanted.offset}; see `dead-letters list`"
        )
    (found,) = matches
    value = found.record.value or b""
    print(f"offset     {found.offset}\nfailed at  {_failed_at(found)}\nfrom       {_source(found)}")
    print(f"key        {found.record.key!r}\nreason     {_reason(found)}")
    print(f"value      {len(value)} bytes")
    for start in range(0, min(len(value), SHOWN), 16):
        row = value[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)  # noqa: PLR2004 - ASCII
        print(f"  {start:04x}  {row.hex(' '):<47}  {text}")


async def _replay(projection: ProjectorSpec, _wanted: argparse.Namespace) -> None:
    state = await projection.generations.state()
    _, handle = projection.onto(state.directives)
    async with dead_letter_queue.of(projection) as queue:
        taken = await queue.replay(handle)
        print(f"{taken} replayed; dead letters now: {await queue.count()}")


async def _discard(projection: ProjectorSpec, wanted: argparse.Namespace) -> None:
    async with dead_letter_queue.of(projection) as queue:
        dropped = await queue.discard(set(wanted.offsets))
    if not dropped:
        raise OperationRefused("no dead letter has such an offset; see `dead-letters list`")
    print(f"{dropped} discarded; dead letters before the last one have new offsets")


def _source(dead_letter: DeadLetter) -> str:
    record = dead_letter.record
    return f"{printable(record.topic)}[{record.partition}]@{record.offset}"


def _reason(dead_letter: DeadLetter) -> str:
    return printable(dead_letter.reason)


def _failed_at(dead_letter: DeadLetter) -> str:
    return printable(dead_letter.failed_at)
