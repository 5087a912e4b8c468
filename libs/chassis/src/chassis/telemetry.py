"""Logs as JSON lines, one span and one measurement per request.

Names: OpenTelemetry semantic conventions; trace context: W3C Trace Context.
"""

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Histogram

REQUESTS = Histogram(
    "request_duration_seconds",
    "Time from a request's arrival to its answer.",
    ["protocol", "method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CHATTY = ("opensearch", "httpx", "aiohttp.access")  # a line per request, at info
_W3C = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("chassis")


def configure(service: str, log_level: str, otlp_endpoint: str | None) -> None:
    """Set up logs and traces for this process; spans go nowhere when there is no endpoint."""
    _configure_logs(service, log_level.upper())
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if otlp_endpoint:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(otlp_endpoint)))
    trace.set_tracer_provider(provider)


def _configure_logs(service: str, level: str) -> None:
    """One JSON line per event, the libraries' own included."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace_id,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:-1], processors=[_without_stdlib, shared[-1]]
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def flush() -> None:
    """Hand over the spans that are still held (at most the exporter's own time limit)."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def trace_id() -> str | None:
    """The current request's trace id: 32 hex digits, or None outside a request."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def traceparent() -> str | None:
    """The current span as a W3C traceparent header (55 characters), or None outside a request."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get("traceparent")


@dataclass(slots=True)
class Outcome:
    """What a request came to: an HTTP status code or a gRPC status name."""

    status: str


@contextmanager
def request(
    protocol: str, method: str, route: str, headers: Mapping[str, str]
) -> Iterator[Outcome]:
    """Measure and trace one request; the caller writes its outcome's status before leaving."""
    outcome = Outcome("cancelled")
    started = time.perf_counter()
    with _tracer.start_as_current_span(
        f"{method} {route}".strip(), context=_W3C.extract(headers), kind=trace.SpanKind.SERVER
    ) as span:
        try:
            yield outcome
        finally:
            span.set_attribute("response.status", outcome.status)
            REQUESTS.labels(protocol, method, route, outcome.status).observe(
                time.perf_counter() - started
            )


_without_stdlib = structlog.stdlib.ProcessorFormatter.remove_processors_meta


def _add_trace_id(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if (identifier := trace_id()) is not None:
        event["trace_id"] = identifier
    return event
