"""Entry point: `command-api` serves, `command-api migrate` applies database migrations."""

import argparse
import sys

from chassis.process.interrupts import interruptible
from chassis.process.lifecycle import launch
from chassis.process.settings import load
from command_api.settings import Settings
from command_api.wiring import wire
from eventstore.mysql.migrations import WAIT, migrate


def main() -> None:
    """Run the command in the arguments."""
    match sys.argv[1:]:
        case []:
            launch("command-api", Settings, wire)
        case ["migrate", *options]:
            apply(options)
        case _:
            sys.exit("usage: command-api [migrate]")


def apply(options: list[str]) -> None:
    """Apply the migrations, and print which."""
    parser = argparse.ArgumentParser(prog="command-api migrate")
    text = "how long to wait for MySQL (default: %(default)g)"
    parser.add_argument("--wait", type=float, default=WAIT, metavar="SECONDS", help=text)
    wait = parser.parse_args(options).wait
    with interruptible():
        applied = migrate(load(Settings), "command_api", wait)
    print("\n".join(f"applied {name}" for name in applied) or "nothing to apply")  # noqa: T201 - output of a command


if __name__ == "__main__":
    main()
