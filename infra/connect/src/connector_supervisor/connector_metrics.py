"""Prometheus metrics of the connector and its tasks."""

from collections.abc import Sequence

from prometheus_client import Counter, Gauge

from connector_supervisor.failure_causes import Cause
from connector_supervisor.kafka_connect import Part

RUNNING = Gauge(
    "connector_running",
    "1 while this part of the connector runs; 0 also if Kafka Connect does not report it.",
    ["part"],
)
RESTARTS = Counter("connector_restarts_total", "Restarts of failed or unassigned parts.")
NEEDS_OPERATOR = Gauge(
    "connector_needs_operator",
    "1 for a failure that a restart cannot fix.",
    ["cause", "reason"],
)


def export_parts(parts: Sequence[Part]) -> None:
    """Export which parts run; parts that Connect does not report are not running."""
    RUNNING.clear()
    RUNNING.labels("connector").set(0)
    for part in parts:
        RUNNING.labels(part.name).set(part.state == "RUNNING")


def export_causes(causes: Sequence[Cause]) -> None:
    """Export the failures that a restart cannot fix."""
    NEEDS_OPERATOR.clear()
    for cause in causes:
        if cause.needs_operator:
            NEEDS_OPERATOR.labels(cause.name, cause.sentence).set(1)
