"""Spans of OpenTelemetry's SDK, by its semantic conventions.

Imported when there is an exporter only: the SDK and the exporter take a tenth of a start's time.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from typing import Self

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.observability import trace_context

OUR_FAULT = {
    "UNKNOWN",
    "DEADLINE_EXCEEDED",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
}
EXPORT_WITHIN = 3.0  # seconds for one export; spans not exported by then are dropped
_W3C = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("chassis")


def record(service: str, processor: SpanProcessor) -> None:
    """Record spans into the processor."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(
            resource=Resource.create({"service.name": service}),
            sampler=ParentBased(ALWAYS_ON),  # tracing.is_sampled() has decided
        )
        trace.set_tracer_provider(provider)
    provider.add_span_processor(processor)


def exporting(endpoint: str) -> BatchSpanProcessor:
    """Return a processor that exports spans every second, in a thread of its own."""
    exporter = OTLPSpanExporter(endpoint, timeout=EXPORT_WITHIN)
    return BatchSpanProcessor(exporter, schedule_delay_millis=1000)


def flush() -> None:
    """Export the remaining spans, for about EXPORT_WITHIN seconds at most."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush(int(EXPORT_WITHIN * 1000))
        provider.shutdown()


class CurrentSpan:
    """Makes a span and its trace current while the block runs."""

    __slots__ = ("_span", "_token", "_trace_token")

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """Return the innermost span's context: a store call's within one."""
        span = trace.get_current_span().get_span_context()
        return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"

    def __enter__(self) -> Self:
        self._trace_token: Token[trace_context.Trace | None] = trace_context.current.set(self)
        self._token = attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, *_: object) -> None:
        detach(self._token)
        trace_context.current.reset(self._trace_token)
        self._span.end()

    def answered(self, status: str) -> None:
        """Record an HTTP status code or a gRPC status name; a server error marks the span."""
        if not self._span.is_recording():
            return
        if status.isdigit():
            self._span.set_attribute("http.response.status_code", int(status))
        elif status.isupper():
            self._span.set_attribute("rpc.response.status_code", status)
        if status.startswith("5") or status in OUR_FAULT:
            self._span.set_status(Status(StatusCode.ERROR))


def unrecorded() -> trace.Span:
    """Return a span that is not exported but has a trace id."""
    ids = random.getrandbits(128), random.getrandbits(64)
    return trace.NonRecordingSpan(trace.SpanContext(*ids, is_remote=False))


def callers_context(headers: Mapping[str, str]) -> Context | None:
    """Return the caller's trace context; None if the header is malformed."""
    context = _W3C.extract(headers)
    is_readable = trace.get_current_span(context).get_span_context().is_valid
    return context if is_readable else None


def server_span(protocol: str, method: str, route: str, context: Context | None) -> CurrentSpan:
    """Return a request's span; context: the caller's, None if the trace begins here."""
    if protocol == "http":
        name = f"{method} {route}"
        attributes = {"http.request.method": method, "http.route": route}
    else:
        name = route.removeprefix("/")
        attributes = {"rpc.system.name": "grpc", "rpc.method": name}
    span = _tracer.start_span(
        name,
        context or Context(),
        SpanKind.SERVER,
        attributes,
        record_exception=False,  # a problem is a response, and may quote client data
        set_status_on_exception=False,
    )
    return CurrentSpan(span)


@contextmanager
def client_span(system: str, operation: str) -> Iterator[None]:
    """Start a span for a store call, if the current span is recorded."""
    if not trace.get_current_span().is_recording():
        yield
        return
    attributes = {"db.system.name": system, "db.operation.name": operation}
    with _tracer.start_as_current_span(
        f"{operation} {system}", kind=SpanKind.CLIENT, attributes=attributes
    ):
        yield
