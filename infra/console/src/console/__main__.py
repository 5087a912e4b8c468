"""Entry point: `console`."""

from chassis.process.lifecycle import launch
from console.settings import Settings
from console.wiring import wire


def main() -> None:
    launch("console", Settings, wire)


if __name__ == "__main__":
    main()
