"""Start here."""

from chassis.lifecycle import launch
from search_projector.settings import Settings
from search_projector.wiring import wire


def main() -> None:
    """Run the projector."""
    launch("search-projector", Settings, wire)


if __name__ == "__main__":
    main()
