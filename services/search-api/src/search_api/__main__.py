"""Entry point."""

from chassis.process.lifecycle import launch
from search_api.settings import Settings
from search_api.wiring import wire


def main() -> None:
    """Serve the searches."""
    launch("search-api", Settings, wire)


if __name__ == "__main__":
    main()
