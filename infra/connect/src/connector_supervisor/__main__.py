"""Entry point: `connector-supervisor` supervises; with arguments it runs an operator's command."""

import sys

from chassis.process.lifecycle import launch
from connector_supervisor.operator_tool import operate
from connector_supervisor.settings import Settings
from connector_supervisor.wiring import wire


def main() -> None:
    """Run the supervisor, or the command that the arguments name."""
    if arguments := sys.argv[1:]:
        operate(arguments)
    else:
        launch("connector-supervisor", Settings, wire)


if __name__ == "__main__":
    main()
