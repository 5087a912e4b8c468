"""Operator commands of a projector, run beside the running one.

A command is a coroutine that takes a wired projector and the parsed arguments. It prints its
output, and raises a Problem on failure.
"""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from chassis.process.settings import ServiceSettings, load
from projections.cli import dead_letters, generations
from projections.cli.command import run_command
from projections.cli.moved import refuse_verify
from projections.spec import ProjectorSpec

S = TypeVar("S", bound=ServiceSettings)
Command = Callable[[ProjectorSpec, argparse.Namespace], Awaitable[int | None]]
"""Return the exit code; None: 0."""


def operate(
    service: str,
    arguments: Sequence[str],
    settings_type: type[S],
    wire: Callable[[S], AbstractAsyncContextManager[ProjectorSpec]],
) -> None:
    """Run the command in the arguments, and exit.

    Exit codes: 0 success, 1 failure, 2 unknown command, 130 and 143 interrupted by SIGINT and
    SIGTERM.
    """
    if arguments[0] == "verify":
        refuse_verify(service, arguments[1:])
    wanted = _parser(service).parse_args(arguments)
    settings = load(settings_type)

    async def run() -> int | None:
        async with wire(settings) as projection:
            code: int | None = await wanted.run(projection, wanted)
            return code

    run_command(service, run())


def _parser(service: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=service, description="Run the projector (no arguments), or a command."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    generations.add_commands(commands, _add)
    dead_letters.add_commands(commands, _add)
    return parser


def _add(commands: Any, name: str, run: Command, text: str) -> Any:
    command = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    return command
