"""Spans (OpenTelemetry's semantic conventions) and trace context (W3C Trace Context)."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
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


@dataclass(slots=True)
class _Sampling:
    """is_recording: whether there is an exporter; without one no span is started."""

    is_recording: bool = False
    share: float = 1.0


_sampling = _Sampling()


def configure(service: str, endpoint: str | None, ratio: float) -> None:
    """Export spans of the given share of traces to an OTLP endpoint; without one, record nothing.

    Without an endpoint a caller's trace context is still propagated, and every request has a trace
    id. An unavailable endpoint loses spans and nothing else: the queue is bounded (2,048 spans) and
    drops the rest.
    """
    if endpoint:
        record(service, exporting(endpoint), ratio)


def record(service: str, processor: SpanProcessor, ratio: float) -> None:
    """Start to record spans, of the given share of traces, into the processor."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(
            resource=Resource.create({"service.name": service}),
            sampler=ParentBased(ALWAYS_ON),  # is_sampled() has decided
        )
        trace.set_tracer_provider(provider)
    provider.add_span_processor(processor)
    _sampling.share, _sampling.is_recording = ratio, True


def is_recording() -> bool:
    """Whether spans are exported."""
    return _sampling.is_recording


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


def trace_id() -> str | None:
    """Return the current request's trace id: 32 hex digits, or None outside a request."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def traceparent() -> str | None:
    """Return the current span as a W3C traceparent (55 characters), or None outside a request."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def is_sampled() -> bool:
    """Decide whether a new trace is sampled; the SDK's sampler costs each request 3 µs."""
    return _sampling.is_recording and random.random() < _sampling.share  # noqa: S311 - no security depends on it


def unrecorded() -> trace.Span:
    """Return a span that is not exported but has a trace id."""
    ids = random.getrandbits(128), random.getrandbits(64)
    return trace.NonRecordingSpan(trace.SpanContext(*ids, is_remote=False))


class ServerSpan:
    """The span of a request with these headers, current while the block runs.

    protocol: http or grpc; the route of a gRPC call is /package.Service/Method. The path is not
    recorded, since it may contain a user's name.
    """

    __slots__ = ("_span", "_token")

    def __init__(self, protocol: str, method: str, route: str, headers: Mapping[str, str]) -> None:
        callers = _callers(headers)
        if callers is not None and not is_recording():
            self._span = trace.get_current_span(callers)  # propagated unchanged
        elif callers is not None or is_sampled():
            self._span = _begun(protocol, method, route, callers or Context())
        else:
            self._span = unrecorded()

    def __enter__(self) -> Self:
        self._token = attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        detach(self._token)
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


def _callers(headers: Mapping[str, str]) -> Context | None:
    """Return the caller's trace context; None if it sends none or a malformed one."""
    if "traceparent" not in headers:
        return None
    context = _W3C.extract(headers)
    is_readable = trace.get_current_span(context).get_span_context().is_valid
    return context if is_readable else None


def _begun(protocol: str, method: str, route: str, context: Context) -> trace.Span:
    if protocol == "http":
        name = f"{method} {route}"
        attributes = {"http.request.method": method, "http.route": route}
    else:
        name = route.removeprefix("/")
        attributes = {"rpc.system.name": "grpc", "rpc.method": name}
    return _tracer.start_span(
        name,
        context,
        SpanKind.SERVER,
        attributes,
        record_exception=False,  # a problem is a response, and may quote client data
        set_status_on_exception=False,
    )


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
