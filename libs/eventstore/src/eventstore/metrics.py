"""Metrics of the write side."""

from prometheus_client import Counter, Histogram

from chassis.observability import telemetry

COMMANDS = Counter("commands_total", "Commands by outcome.", ["command", "outcome"])
APPEND = Histogram(
    "event_store_append_seconds",
    "Time to store an event, including waits for a connection and for the batch.",
    buckets=telemetry.BUCKETS,
)
