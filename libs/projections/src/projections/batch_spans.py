"""Spans of event batches.

One trace covers a request, the processing of its event in each projector, and the store writes: the
event carries the trace context. A batch has events of many traces. So it has a trace of its own,
which contains the store calls, and the spans of its events link to it.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.observability import tracing
from chassis.observability.spans import CurrentSpan, unrecorded
from projections.batch_tracing import Message

_W3C = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("chassis")
SAMPLED = tuple("13579bdf")  # the lowest bit of a traceparent's flags: a cheap test first


class RecordedBatch:
    """Implements projections.batch_tracing.Batch; times are in nanoseconds since the epoch."""

    def __init__(self, topic: str, context: trace.SpanContext) -> None:
        self._topic = topic
        self._context = context
        self._began = time.time_ns()
        self._wrote = (self._began, self._began)

    @contextmanager
    def writing(self) -> Iterator[None]:
        began = time.time_ns()
        try:
            yield
        finally:
            self._wrote = (began, time.time_ns())

    def done(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if not (message.traceparent or "").endswith(SAMPLED):
                continue
            parent = _W3C.extract({"traceparent": message.traceparent})
            if trace.get_current_span(parent).get_span_context().trace_flags.sampled:
                self._record(message, parent)

    def _record(self, message: Message, parent: Context) -> None:
        processed = _tracer.start_span(
            f"process {self._topic}",
            context=parent,
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.destination.name": self._topic,
                "messaging.destination.partition.id": str(message.partition),
                "messaging.kafka.offset": message.offset,
                "messaging.message.id": message.message_id,
            },
            links=[Link(self._context)],
            start_time=self._began,
        )
        inside = trace.set_span_in_context(processed, parent)
        began, ended = self._wrote
        _tracer.start_span("write view", inside, SpanKind.CLIENT, start_time=began).end(ended)
        processed.end(max(ended, self._began))


@contextmanager
def batch(topic: str, size: int) -> Iterator[RecordedBatch]:
    """Start the span of a batch of events, in a trace of its own."""
    span = _begun(f"process batch {topic}", size) if tracing.is_sampled() else unrecorded()
    with CurrentSpan(span):
        try:
            yield RecordedBatch(topic, span.get_span_context())
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _begun(name: str, size: int) -> trace.Span:
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.batch.message_count": size,
    }
    return _tracer.start_span(name, Context(), SpanKind.CONSUMER, attributes)
