"""Entry point."""

from chassis.process.lifecycle import launch
from query_api.settings import Settings
from query_api.wiring import wire


def main() -> None:
    """Serve the queries."""
    launch("query-api", Settings, wire)


if __name__ == "__main__":
    main()
