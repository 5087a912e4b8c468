"""Logs as JSON lines; a metric and a span for each request and each store call.

Metric names follow Prometheus's conventions; those of stores OpenTelemetry's for databases.
"""

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Self

import structlog
from prometheus_client import Gauge, Histogram
from structlog.typing import EventDict, Processor

from chassis.observability import tracing

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REQUESTS = Histogram(
    "request_duration_seconds",
    "Time from a request's arrival to its response.",
    ["protocol", "method", "route", "status"],
    buckets=BUCKETS,
)
CALLS = Histogram(
    "db_client_operation_duration_seconds",
    "Duration of a store call, including the wait for a connection.",
    ["system", "operation", "outcome"],
    buckets=BUCKETS,
)
CALLING = Gauge(
    "db_client_operations_in_flight",
    "Store calls that are running or waiting for a connection.",
    ["system"],
)
CONNECTIONS = Gauge(
    "db_client_connection_max", "Maximum number of connections in the pool.", ["system"]
)
CLIENT_GONE = "client_gone"
"""The status of a request whose client disconnected before the request or response completed."""
# They log a line per request at info; the last two each header at debug, tokens included.
CHATTY = ("httpx2", "aiohttp.access", "grpclib", "h2", "hpack")
REPORTED = ("opensearch",)  # a warning per failed request, which the caller logs rate-limited


def configure_logs(service: str, level: str) -> None:
    """Log one JSON line per event, including those of libraries, from any thread."""

    def add_service(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[Processor] = [
        add_service,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace_id,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    numeric = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=shared, wrapper_class=structlog.make_filtering_bound_logger(numeric)
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:-1], processors=[_without_stdlib, shared[-1]]
        )
    )
    logging.basicConfig(level=numeric, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, numeric))
    for name in REPORTED:
        logging.getLogger(name).setLevel(max(logging.ERROR, numeric))


class Request:
    """Measures and traces one request while the block runs.

    The block sets `status` before it ends: an HTTP status code, a gRPC status name, or CLIENT_GONE.
    """

    __slots__ = ("_labels", "_started", "_trace", "status")

    def __init__(self, protocol: str, method: str, route: str, headers: Mapping[str, str]) -> None:
        self.status = "cancelled"
        self._labels = protocol, method, route
        self._trace = tracing.server_span(protocol, method, route, headers)

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._trace.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._trace.answered(self.status)
        self._trace.__exit__()
        _requests(*self._labels, self.status).observe(time.perf_counter() - self._started)


def count_refused(protocol: str, route: str, status: str) -> None:
    """Count a request that was refused before it could be measured."""
    _requests(protocol, "", route, status).observe(0)


_requests = cache(REQUESTS.labels)  # labels() takes a lock and builds strings on each call


@contextmanager
def store_call(system: str, operation: str) -> Iterator[None]:
    """Measure and trace one store call; any exception of the block counts as an error."""
    started = time.perf_counter()
    outcome = "error"
    with CALLING.labels(system).track_inprogress(), tracing.client_span(system, operation):
        try:
            yield
            outcome = "ok"
        finally:
            CALLS.labels(system, operation, outcome).observe(time.perf_counter() - started)


_without_stdlib = structlog.stdlib.ProcessorFormatter.remove_processors_meta


def _add_trace_id(_logger: object, _method: str, event: EventDict) -> EventDict:
    if (identifier := tracing.trace_id()) is not None:
        event["trace_id"] = identifier
    return event
