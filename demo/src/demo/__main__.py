"""Entry point of `make demo`: all three APIs on in-memory stores."""

from chassis.process.lifecycle import launch
from demo.settings import Settings
from demo.wiring import wire


def main() -> None:
    """Serve until Ctrl-C, and print example commands."""
    launch("demo", Settings, wire)


if __name__ == "__main__":
    main()
