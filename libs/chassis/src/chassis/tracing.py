"""Spans by OpenTelemetry's semantic conventions; trace context by W3C Trace Context.

One trace holds a request, what its event did in each projector, and the writes to the stores: the
context travels in the event. A batch holds events of many traces, so it has a trace of its own,
with the calls to the store in it, and the spans of its events link to it.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

EXPORT_WITHIN = 3.0  # seconds for one export; what does not get out by then is dropped
_W3C = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("chassis")


def configure(service: str, endpoint: str | None, ratio: float) -> None:
    """Send spans of the given share of traces to an OTLP endpoint; without one, nowhere.

    An endpoint that is away costs spans and nothing else: the queue is bounded (2,048 spans) and
    drops what does not fit.
    """
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=ParentBasedTraceIdRatio(ratio),
    )
    if endpoint:
        provider.add_span_processor(exporting(endpoint))
    trace.set_tracer_provider(provider)


def exporting(endpoint: str) -> BatchSpanProcessor:
    """Sends spans every second, in a thread of its own."""
    exporter = OTLPSpanExporter(endpoint, timeout=EXPORT_WITHIN)
    return BatchSpanProcessor(exporter, schedule_delay_millis=1000)


def flush() -> None:
    """Hand over the spans that are still held, for at most EXPORT_WITHIN seconds or so."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush(int(EXPORT_WITHIN * 1000))
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


@contextmanager
def serving(name: str, headers: Mapping[str, str]) -> Iterator[trace.Span]:
    """The span of a request that came with these headers."""
    with _tracer.start_as_current_span(
        name,
        context=_W3C.extract(headers),
        kind=SpanKind.SERVER,
        record_exception=False,  # a problem is an answer, and may quote what the caller sent
        set_status_on_exception=False,
    ) as span:
        yield span


@contextmanager
def calling(system: str, operation: str) -> Iterator[None]:
    """The span of a call to a store."""
    attributes = {"db.system.name": system, "db.operation.name": operation}
    with _tracer.start_as_current_span(
        f"{operation} {system}", kind=SpanKind.CLIENT, attributes=attributes
    ):
        yield


class Batch:
    """A batch of a topic's events; times are in nanoseconds since the epoch."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._context = trace.get_current_span().get_span_context()
        self._began = time.time_ns()
        self._wrote = (self._began, self._began)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """What runs in the block is the write to the store."""
        began = time.time_ns()
        try:
            yield
        finally:
            self._wrote = (began, time.time_ns())

    def done(self, traceparents: Iterable[str | None]) -> None:
        """Give the trace of each event a span for its processing and one for the store write."""
        for traceparent in traceparents:
            parent = _W3C.extract({"traceparent": traceparent}) if traceparent else None
            if parent and trace.get_current_span(parent).get_span_context().trace_flags.sampled:
                self._tell(parent)

    def _tell(self, parent: Context) -> None:
        attributes = {"messaging.system": "kafka", "messaging.destination.name": self._topic}
        processed = _tracer.start_span(
            f"process {self._topic}",
            context=parent,
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            links=[Link(self._context)],
            start_time=self._began,
        )
        inside = trace.set_span_in_context(processed, parent)
        began, ended = self._wrote
        _tracer.start_span("write view", inside, SpanKind.CLIENT, start_time=began).end(ended)
        processed.end(max(ended, self._began))


@contextmanager
def batch(topic: str, size: int) -> Iterator[Batch]:
    """The span of a batch of events, in a trace of its own."""
    with _tracer.start_as_current_span(
        f"process batch {topic}",
        context=Context(),
        kind=SpanKind.CONSUMER,
        attributes={"messaging.system": "kafka", "messaging.batch.message_count": size},
    ) as span:
        try:
            yield Batch(topic)
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
