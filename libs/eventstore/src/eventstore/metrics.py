"""What every write side measures, whatever its commands are about."""

from prometheus_client import Counter, Histogram

from chassis.observability import telemetry

COMMANDS = Counter("commands_total", "Commands by what became of them.", ["command", "outcome"])
APPEND = Histogram(
    "event_store_append_seconds",
    "Time until an event is stored, waiting for a connection and for others included.",
    buckets=telemetry.BUCKETS,
)
