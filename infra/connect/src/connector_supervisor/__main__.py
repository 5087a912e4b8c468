"""Start here: `connector-supervisor`."""

from chassis.lifecycle import launch
from connector_supervisor.settings import Settings
from connector_supervisor.wiring import wire


def main() -> None:
    launch("connector-supervisor", Settings, wire)


if __name__ == "__main__":
    main()
