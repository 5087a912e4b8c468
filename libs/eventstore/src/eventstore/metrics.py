"""Metrics of the write side."""

from functools import cache

from prometheus_client import Counter, Histogram

from chassis.observability import telemetry

COMMANDS = Counter("commands_total", "Commands by outcome.", ["command", "outcome"])
count = cache(COMMANDS.labels)  # labels() takes a lock and builds strings on each call
APPEND = Histogram(
    "event_store_append_seconds",
    "Time to store an event, including waits for a connection and for the batch.",
    buckets=telemetry.BUCKETS,
)
