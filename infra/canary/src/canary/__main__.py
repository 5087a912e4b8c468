"""Entry point: `canary`."""

from canary.settings import Settings
from canary.wiring import wire
from chassis.process.lifecycle import launch


def main() -> None:
    launch("canary", Settings, wire)


if __name__ == "__main__":
    main()
