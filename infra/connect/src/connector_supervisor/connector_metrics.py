"""Metrics of the connector and its tasks, as Prometheus reads them."""

from collections.abc import Sequence

from prometheus_client import Counter, Gauge

from connector_supervisor.failure_causes import Cause
from connector_supervisor.kafka_connect import Part

RUNNING = Gauge(
    "connector_running",
    "1 while this part of the connector runs; 0 also where Connect tells nothing of it.",
    ["part"],
)
RESTARTS = Counter("connector_restarts_total", "Restarts of what had failed or stayed unassigned.")
NEEDS_OPERATOR = Gauge(
    "connector_needs_operator",
    "1 for a failure that a restart cannot heal.",
    ["cause", "reason"],
)


def export_parts(parts: Sequence[Part]) -> None:
    """Set what runs; of what Connect does not report nothing does."""
    RUNNING.clear()
    RUNNING.labels("connector").set(0)
    for part in parts:
        RUNNING.labels(part.name).set(part.state == "RUNNING")


def export_causes(causes: Sequence[Cause]) -> None:
    """Set the failures that a restart cannot heal."""
    NEEDS_OPERATOR.clear()
    for cause in causes:
        if cause.needs_operator:
            NEEDS_OPERATOR.labels(cause.name, cause.sentence).set(1)
