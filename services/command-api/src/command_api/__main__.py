"""Entry point: `command-api` serves, `command-api migrate` applies database migrations."""

import sys

from chassis.process.interrupts import interruptible
from chassis.process.lifecycle import launch
from chassis.process.settings import load
from command_api.settings import Settings
from command_api.wiring import wire
from eventstore.mysql.migrations import migrate


def main() -> None:
    """Run the command in the arguments."""
    match sys.argv[1:]:
        case []:
            launch("command-api", Settings, wire)
        case ["migrate"]:
            with interruptible():
                applied = migrate(load(Settings), "command_api")
            print("\n".join(f"applied {name}" for name in applied) or "nothing to apply")  # noqa: T201 - output of a command
        case _:
            sys.exit("usage: command-api [migrate]")


if __name__ == "__main__":
    main()
