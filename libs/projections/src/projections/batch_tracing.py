"""Tracing of event batches: spans if there is an exporter, else a trace id for the logs."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from chassis.observability import tracing
from chassis.observability.trace_context import Unrecorded


@dataclass(frozen=True, slots=True)
class Message:
    """An event of a batch: its position in the topic, and its trace."""

    message_id: str
    partition: int
    offset: int
    traceparent: str | None


class Batch(Protocol):
    """A batch of a topic's events."""

    def writing(self) -> AbstractContextManager[None]:
        """Measure the block as the write to the store."""

    def done(self, messages: Iterable[Message]) -> None:
        """Add to each event's trace a span for its processing and one for the store write."""


class UnrecordedBatch:
    """A batch without spans, whose log lines have a trace id."""

    def __init__(self) -> None:
        self._trace = Unrecorded()

    def __enter__(self) -> Batch:
        self._trace.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._trace.__exit__()

    def writing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def done(self, messages: Iterable[Message]) -> None:
        """Drop the messages."""


def batch(topic: str, size: int) -> AbstractContextManager[Batch]:
    """Start the span of a batch of events, in a trace of its own."""
    if not tracing.is_recording():
        return UnrecordedBatch()
    from projections import batch_spans  # noqa: PLC0415 - OpenTelemetry: a tenth of a start's time

    return batch_spans.batch(topic, size)
