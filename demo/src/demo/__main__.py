"""All three APIs on memory: `make demo`."""

from chassis.process.lifecycle import launch
from demo.settings import Settings
from demo.wiring import wire


def main() -> None:
    """Serve until Ctrl-C, and print what to try."""
    launch("demo", Settings, wire)


if __name__ == "__main__":
    main()
