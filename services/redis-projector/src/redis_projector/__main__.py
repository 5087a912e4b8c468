"""Start here."""

from chassis.lifecycle import launch
from redis_projector.settings import Settings
from redis_projector.wiring import wire


def main() -> None:
    """Run the projector."""
    launch("redis-projector", Settings, wire)


if __name__ == "__main__":
    main()
