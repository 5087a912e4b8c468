"""Entry point: `redis-projector` runs the projector, or an operator command."""

import sys

from chassis.process.lifecycle import launch
from projections.cli.tool import operate
from redis_projector.settings import Settings
from redis_projector.wiring import projection, wire


def main() -> None:
    """Run the projector, or the command in the arguments."""
    if arguments := sys.argv[1:]:
        operate("redis-projector", arguments, Settings, projection)
    else:
        launch("redis-projector", Settings, wire)


if __name__ == "__main__":
    main()
