"""Entry point: `search-projector` runs the projector, or an operator command."""

import sys

from chassis.process.lifecycle import launch
from projections.cli.tool import operate
from search_projector.settings import Settings
from search_projector.wiring import projection, wire


def main() -> None:
    """Run the projector, or the command in the arguments."""
    if arguments := sys.argv[1:]:
        operate("search-projector", arguments, Settings, projection)
    else:
        launch("search-projector", Settings, wire)


if __name__ == "__main__":
    main()
